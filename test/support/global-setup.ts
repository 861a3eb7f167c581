import { describeParts, prepareParts } from "./parts.ts";

/** Once per vitest run: whatever must be downloaded or built is, before any test's clock starts. */
export default async function setup(): Promise<void> {
  const parts = await prepareParts();
  // The suite has printed them already.
  if (!process.env["AMP_TEST_PARTS_SHOWN"]) console.log(`Parts:\n${describeParts(parts)}`);
}
