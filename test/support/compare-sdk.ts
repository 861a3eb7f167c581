/**
 * `npm run compare-sdk`: this project's client of Amp and the official SDK against a program that misbehaves in one way at
 * a time, what each of their users sees, as a table in the client's README. `-- --print` only prints it.
 */
import { spawn } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { buildOnce } from "./cache.ts";
import { type Case, cases, describeOutcome, type Outcome } from "./compare-sdk/cases.ts";
import { endProcesses, findProcesses } from "./processes.ts";
import { moduleRoot } from "./terraform.ts";

const SDK = "@sourcegraph/amp-sdk";
const SDK_VERSION = "0.1.0-20260126121723-gc94da34";
const MARKER = "AMP_COMPARE";
const faulty = fileURLToPath(new URL("compare-sdk/amp.mjs", import.meta.url));
const driver = fileURLToPath(new URL("compare-sdk/driver.mjs", import.meta.url));
const readme = join(moduleRoot, "packages/amp-client/README.md");

await execa(process.execPath, ["--import", "tsx", join(moduleRoot, "tools/packages.ts"), "amp-client"], {
  cwd: moduleRoot,
});
const libraries = {
  ours: join(moduleRoot, "packages/amp-client/dist/index.js"),
  official: join(await officialSdk(), "node_modules", SDK, "dist/index.js"),
};
const rows = [
  `| fault | \`@coder/amp-client\` | \`${SDK}\` ${SDK_VERSION.split("-")[0]} |`,
  "| --- | --- | --- |",
];
for (const each of cases) {
  const ours = describeOutcome(each, await outcomeOf("ours", each));
  const official = describeOutcome(each, await outcomeOf("official", each));
  console.log(`${each.title}\n  ours:     ${ours}\n  official: ${official}`);
  rows.push(`| ${each.title} | ${ours} | ${official} |`);
}
if (!process.argv.includes("--print")) {
  const [start, end] = ["<!-- compare-sdk -->", "<!-- /compare-sdk -->"];
  const text = await readFile(readme, "utf8");
  const before = text.slice(0, text.indexOf(start) + start.length);
  await writeFile(readme, `${before}\n\n${rows.join("\n")}\n\n${text.slice(text.indexOf(end))}`);
  await execa("npx", ["prettier", "--write", readme], { cwd: moduleRoot });
}

/** The SDK as npm has it, with the faulty program where it looks for Amp: in the package beside it. */
async function officialSdk(): Promise<string> {
  const folder = await buildOnce(`amp-sdk-${SDK_VERSION}`, async (part) => {
    const { stdout } = await execa("npm", ["pack", `${SDK}@${SDK_VERSION}`, "--silent"], { cwd: part });
    const place = join(part, "node_modules", SDK);
    await mkdir(place, { recursive: true });
    await execa("tar", ["xzf", stdout.trim(), "--strip-components=1", "-C", place], { cwd: part });
  });
  const amp = join(folder, "node_modules/@sourcegraph/amp");
  await mkdir(amp, { recursive: true });
  await copyFile(faulty, join(amp, "amp.mjs"));
  const manifest = { name: "@sourcegraph/amp", version: "0.0.1", bin: { amp: "amp.mjs" } };
  await writeFile(join(amp, "package.json"), JSON.stringify(manifest));
  return folder;
}

async function outcomeOf(library: keyof typeof libraries, { fault, limitMs }: Case): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "amp-compare-"));
  const log = join(folder, "calls.jsonl");
  const amp = join(folder, "amp");
  await writeFile(amp, `#!/bin/sh\nexec "${process.execPath}" "${faulty}" "$@"\n`);
  await chmod(amp, 0o755);
  const project = join(folder, "project");
  await mkdir(project);
  const env = {
    ...process.env,
    HOME: folder,
    AMP_CLI_PATH: amp,
    AMP_FAULT: fault,
    AMP_FAULT_LOG: log,
    [MARKER]: folder,
  };
  try {
    const child = spawn(process.execPath, [driver, library, libraries[library], fault], {
      env,
      cwd: project,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const output = { printed: "", report: "" };
    const collect = (name: keyof typeof output) => (chunk: Buffer) => {
      output[name] += chunk;
    };
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", collect("printed"));
    child.stdio[3]?.on("data", collect("report"));
    const ended = new Promise<boolean>((resolve) => child.once("exit", () => resolve(true)));
    const late = new Promise<boolean>((resolve) => setTimeout(resolve, limitMs, false).unref());
    const hasEnded = await Promise.race([ended, late]);
    if (!hasEnded) {
      child.kill("SIGUSR2");
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 2_000))]);
      child.kill("SIGKILL");
    }
    // What ends a moment later is not left running.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const left = await findProcesses(MARKER, folder);
    const calls = (await readFile(log, "utf8").catch(() => "")).trim().split("\n").filter(Boolean);
    return {
      hasEnded,
      ...(output.report === "" ? { seen: [], error: undefined, rssMb: 0 } : JSON.parse(output.report)),
      left: left.filter(({ pid }) => pid !== child.pid).length,
      printed: output.printed,
      project,
      ...(calls[0] === undefined ? { args: [], files: [] } : JSON.parse(calls[0])),
    };
  } finally {
    await endProcesses(MARKER, folder);
    await rm(folder, { recursive: true, force: true });
  }
}
