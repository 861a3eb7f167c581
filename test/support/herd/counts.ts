import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultRelease } from "../default-release.ts";
import { moduleRoot } from "../terraform.ts";
import { sharedToolFolder } from "../tool-folder.ts";
import { herdFiles } from "./files.ts";
import { type HerdMirror, openHerdMirror } from "./mirror.ts";
import { herdWorkspace } from "./workspace.ts";

/** What starts ask a server for, by name, when nobody is turned away. */
export interface RequestCounts {
  /** The first start of a workspace. */
  cold: string[];
  /** Every start after that. */
  warm: string[];
  /** The first start with both programs in the image. */
  prebaked: string[];
}

export async function countRequests(): Promise<RequestCounts> {
  const folder = await mkdtemp(join(tmpdir(), "amp-module-herd-"));
  const files = herdFiles({ latencyMs: 0, bytesPerSecond: Infinity });
  const mirror = await openHerdMirror({ files, connections: 10 });
  const image = join(folder, "image");
  try {
    const tools = await sharedToolFolder("bare", ["curl"], join(folder, "tools"));
    const launcher = await readFile(join(moduleRoot, "scripts/amp-module.sh"), "utf8");
    const place = { url: mirror.urlFor(0), release: defaultRelease, launcher, tools };
    const workspace = await herdWorkspace(place);
    const cold = await requestsOf(workspace.start, mirror);
    const warm = await requestsOf(workspace.start, mirror);
    await mkdir(join(image, "bin"), { recursive: true });
    await copyFile(join(workspace.home, ".amp/bin/amp"), join(image, "bin/amp"));
    await copyFile(join(workspace.home, ".amp-module/bin/agentapi"), join(image, "bin/agentapi"));
    await workspace.dispose();
    const another = await herdWorkspace({ ...place, prebaked: image });
    const prebaked = await requestsOf(another.start, mirror);
    await another.dispose();
    return { cold, warm, prebaked };
  } finally {
    await mirror.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function requestsOf(start: () => Promise<string>, mirror: HerdMirror): Promise<string[]> {
  mirror.forget();
  const failure = await start();
  if (failure !== "") throw new Error(failure);
  return mirror.arrivals().map(({ file }) => file);
}
