import { mkdir } from "node:fs/promises";
import { canMount } from "../can-mount.ts";
import type { ScriptResult } from "../run-script.ts";
import { mountDisk } from "./disk.ts";
import { calmDown, happen, promptNumber, type Scene } from "./doing.ts";
import { brokenAfterStop, brokenIn } from "./invariants.ts";
import { startMirror } from "./mirror.ts";
import { randomFrom } from "./random.ts";
import { MCP_CANARY, secretsIn } from "./secrets.ts";
import { createSite, type Site } from "./site.ts";
import { describePlan, type Plan, planFrom } from "./steps.ts";
import { createUserFiles } from "./user-files.ts";

export interface SequenceResult {
  plan: Plan;
  /** Invariants that do not hold. */
  broken: string[];
  /** What a person needs to understand them. */
  evidence: string;
}

/** What a seed stands for on this machine. */
export async function planOf(seed: number): Promise<Plan> {
  return planFrom(randomFrom(seed), seed, await canMount());
}

/** Lets everything happen, then starts each instance once more and looks whether all is well. */
export async function runSequence(plan: Plan): Promise<SequenceResult> {
  const mirror = await startMirror();
  const sites: Site[] = [];
  let scene: Scene | undefined;
  try {
    const common = {
      amp_installer_url: `${mirror.url}/install.sh`,
      agentapi_download_url: mirror.url,
      instruction_prompt: "Answer in one line.",
      mcp: JSON.stringify({ notes: { command: "true", env: { NOTES_TOKEN: MCP_CANARY } } }),
    };
    const { transport } = plan;
    const first = await createSite({ transport, config: { ...common, ai_prompt: promptNumber(0, 0) } });
    sites.push(first);
    if (plan.instances === 2)
      sites.push(
        await createSite({
          transport,
          beside: first,
          config: { ...common, app_slug: "two", ai_prompt: promptNumber(0, 1) },
        }),
      );
    scene = await setScene(plan, sites, mirror);
    return await runIn(scene, plan);
  } finally {
    for (const foreign of scene?.foreign ?? []) foreign.kill("SIGKILL");
    await sites[0]?.dispose();
    await mirror.close();
  }
}

async function setScene({ isSmall }: Plan, sites: Site[], mirror: Scene["mirror"]): Promise<Scene> {
  const [first] = sites as [Site];
  let disk: Scene["disk"];
  if (isSmall) {
    // What has been placed is covered by the small disk: it is placed anew.
    disk = await mountDisk(first.home);
    first.cleanups.push(disk.unmount);
    await first.placeAmp();
  }
  await mkdir(first.home, { recursive: true });
  const user = createUserFiles(first.home);
  return { sites, mirror, disk, user, results: [], foreign: [], nextEnv: [], damaged: new Set() };
}

async function runIn(scene: Scene, plan: Plan): Promise<SequenceResult> {
  const { sites } = scene;
  const [first] = sites as [Site];
  const broken: string[] = [];
  const prompts = sites.map(({ config }) => [config.ai_prompt]);
  for (const step of plan.steps) {
    await happen(step, scene);
    for (const [index, { config }] of sites.entries())
      if (prompts[index]?.at(-1) !== config.ai_prompt) prompts[index]?.push(config.ai_prompt);
    for (const { cmdline } of await first.processes())
      broken.push(...secretsIn(cmdline).map((name) => `an argument list holds ${name}`));
  }
  await calmDown(scene);
  // What it would wait for is over: nothing ends the agent any more.
  const env = { AMP_MODULE_MIN_LIFE_MS: "300" };
  const healed = await Promise.all(sites.map((site) => site.start({ env })));
  const logs: string[] = [];
  for (const [index, site] of sites.entries()) {
    const { exitCode } = healed[index] as ScriptResult;
    if (exitCode !== 0) broken.push(`instance ${index}: the normal start ended with exit code ${exitCode}`);
    const found = exitCode === 0 ? await brokenIn(site, prompts[index] ?? [], scene.damaged) : [];
    broken.push(...found.map((each) => `instance ${index}: ${each}`));
    for (const name of ["install", "agentapi-start.log.1", "agentapi-start"])
      logs.push(`--- ${name} of instance ${index}\n${await site.log(name)}`);
  }
  broken.push(...scene.user.broken());
  for (const { exitCode, signalCode } of scene.foreign)
    if (exitCode !== null || signalCode !== null) broken.push("another program was ended");
  const stops = await Promise.all(sites.map((site) => site.stop()));
  broken.push(...(await brokenAfterStop(sites)));
  const outputs = [...(await Promise.all(scene.results)), ...healed, ...stops].map(textOf);
  broken.push(...secretsIn(outputs.join("\n")).map((name) => `an output holds ${name}`));
  const evidence = [
    describePlan(plan),
    ...outputs.map((text, index) => `--- script ${index}: ${text}`),
    ...logs,
  ];
  return { plan, broken: [...new Set(broken)], evidence: evidence.join("\n") };
}

function textOf(result: ScriptResult | Error): string {
  return result instanceof Error
    ? result.message
    : `exit code ${result.exitCode}\n${result.stdout}${result.stderr}`;
}
