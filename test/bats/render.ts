/**
 * Renders the script templates for bootstrap.bats with Terraform's own `templatefile`: `tsx render.ts <folder>`.
 * What main.tf puts into them is for the module's and the end-to-end tests; here a bundle and a launcher of a few
 * bytes are enough, so that a test sees the bootstrap alone.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import { moduleRoot } from "../support/terraform.ts";
import { findTerraform } from "../support/terraform-binary.ts";

const folder = process.argv[2] ?? ".";
const packed = (name: string) => gzipSync(readFileSync(join(folder, name))).toString("base64");
const base64 = (text: string) => Buffer.from(text).toString("base64");

const bootstrap = {
  module_dir_name: ".amp-module",
  bundle: packed("bundle"),
  launcher: packed("launcher"),
  supervisor: packed("supervisor"),
  payload: packed("payload"),
  installer_url_base64: "",
  amp_version_base64: "",
  user_scripts: { pre_install: "", post_install: "" },
};
const hostile = "https://x.example.com/$(touch pwned)`touch pwned`'\";touch pwned";
const full = {
  ...bootstrap,
  installer_url_base64: base64(hostile),
  amp_version_base64: base64("1.2.3 $(touch pwned)"),
  user_scripts: { pre_install: packed("pre"), post_install: packed("post") },
};

await render("bootstrap.sh.tftpl", bootstrap, "start.sh");
await render("bootstrap.sh.tftpl", full, "start-full.sh");
await render("bootstrap.sh.tftpl", { ...bootstrap, bundle: packed("bundle-large") }, "start-large.sh");
await render("bootstrap.sh.tftpl", { ...bootstrap, bundle: packed("bundle").slice(0, -16) }, "start-cut.sh");
for (const [output, bundle] of [
  ["tools.sh", packed("bundle")],
  ["tools-cut.sh", packed("bundle").slice(0, -16)],
  ["tools-changed.sh", changed(packed("bundle"))],
] as const) {
  await render("bundle.sh.tftpl", { module_dir_name: ".amp-module", file: "amp-tools.mjs", bundle }, output);
}
await render("stop.sh.tftpl", { module_dir_name: ".amp-module" }, "stop.sh");

async function render(template: string, variables: object, output: string): Promise<void> {
  const { path } = await findTerraform();
  const file = JSON.stringify(join(moduleRoot, "scripts", template));
  writeFileSync(join(folder, "variables.json"), JSON.stringify(variables));
  const { stdout } = await execa(path, ["console"], {
    cwd: folder,
    env: { TF_CLI_CONFIG_FILE: "/dev/null", CHECKPOINT_DISABLE: "1" },
    input: `base64encode(templatefile(${file}, jsondecode(file("variables.json"))))\n`,
  });
  writeFileSync(join(folder, output), Buffer.from(stdout.replaceAll('"', ""), "base64"));
}

/** One character in the middle is another one. */
function changed(text: string): string {
  const at = Math.floor(text.length / 2);
  return `${text.slice(0, at)}${text.at(at) === "A" ? "B" : "A"}${text.slice(at + 1)}`;
}
