/**
 * Renders the script templates for bootstrap.bats with Terraform's own `templatefile`: `tsx render.ts <folder>`.
 * What main.tf puts into them is for the module's and the end-to-end tests; here a bundle and a launcher of a few
 * bytes are enough, so that a test sees the bootstrap alone.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { moduleRoot } from "../support/terraform.ts";
import { findTerraform } from "../support/terraform-binary.ts";

const folder = process.argv[2] ?? ".";
const text = (name: string) => readFileSync(join(folder, name), "utf8");
const base64 = (value: string) => Buffer.from(value).toString("base64");

const files = {
  "bin/amp-module.br85": { mode: 600, text: text("bundle") },
  "bin/loader.cjs": { mode: 600, text: text("loader") },
  "bin/amp-module": { mode: 700, text: text("launcher") },
  "bin/supervisor.sh": { mode: 700, text: text("supervisor") },
  "config.json": { mode: 600, text: text("payload") },
};
const scripts = {
  "pre_install.sh": { mode: 700, text: text("pre") },
  "post_install.sh": { mode: 700, text: text("post") },
};
const large = { "bin/amp-module.br85": { mode: 600, text: text("bundle-large") } };
const bootstrap = { module_dir_name: ".amp-module", installer_url_base64: "", amp_version_base64: "", files };
const hostile = "https://x.example.com/$(touch pwned)`touch pwned`'\";touch pwned";
const full = {
  ...bootstrap,
  installer_url_base64: base64(hostile),
  amp_version_base64: base64("1.2.3 $(touch pwned)"),
  files: { ...files, ...scripts },
};
const tools = { module_dir_name: ".amp-module", file: "amp-tools.br85", bundle: text("bundle") };

await render("bootstrap.sh.tftpl", bootstrap, "start.sh");
await render("bootstrap.sh.tftpl", full, "start-full.sh");
await render("bootstrap.sh.tftpl", { ...bootstrap, files: { ...files, ...large } }, "start-large.sh");
await render("bundle.sh.tftpl", tools, "tools.sh");
await render("stop.sh.tftpl", { module_dir_name: ".amp-module" }, "stop.sh");
alter("start.sh", "start-cut.sh", (carried) => carried.slice(0, -3));
alter("tools.sh", "tools-cut.sh", (carried) => carried.slice(0, -3));
alter("tools.sh", "tools-changed.sh", (carried) => carried.replace("u", "o"));

/** As if what the script carries had suffered on its way. */
function alter(from: string, to: string, damage: (carried: string) => string): void {
  const carried = text("bundle");
  writeFileSync(join(folder, to), text(from).replace(`'${carried}'`, `'${damage(carried)}'`));
}

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
