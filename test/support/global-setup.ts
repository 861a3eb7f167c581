import { describeParts, prepareParts } from "./parts.ts";
import { openRunFolder } from "./run-folder.ts";

/**
 * Once per vitest run: whatever must be downloaded or built is, before any test's clock starts.
 *
 * @returns what vitest calls after the last test
 */
export default async function setup(): Promise<() => Promise<void>> {
  const close = await openRunFolder();
  // The suite has prepared and printed them already.
  if (!process.env["AMP_TEST_PARTS_SHOWN"]) console.log(`Parts:\n${describeParts(await prepareParts())}`);
  return close;
}
