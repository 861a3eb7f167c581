import { execa } from "execa";
import { findTool } from "./find-tool.ts";

/**
 * Builds a Go program from the Go module proxy into `output`.
 *
 * `go install module@version` refuses modules whose go.mod has replace directives, so the module's source is
 * downloaded and built in a place of its own instead.
 *
 * @throws where Go is missing, the proxy does not answer, or the build fails; the message says which
 */
export async function goBuild(module: string, version: string, output: string): Promise<void> {
  const go = await findTool("go");
  if (go === undefined) throw new Error("there is no `go` on PATH");
  const { stdout } = await execa(go, ["mod", "download", "-json", `${module}@${version}`], {
    reject: false,
    timeout: 300_000,
    cwd: "/",
  });
  const download = JSON.parse(stdout || "{}") as { Dir?: string; Error?: string };
  if (download.Dir === undefined) {
    throw new Error(`the Go module proxy gave no ${module}@${version}: ${download.Error ?? "no answer"}`);
  }
  // -mod=mod: the module cache is read-only and go.sum may lack lines that only a main module needs.
  await execa(go, ["build", "-C", download.Dir, "-trimpath", "-buildvcs=false", "-o", output, "."], {
    timeout: 900_000,
    env: { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" },
  }).catch((error: Error) => {
    throw new Error(`go build of ${module}@${version} failed: ${error.message}`);
  });
}
