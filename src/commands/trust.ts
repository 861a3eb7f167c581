import type { Command } from "commander";
import { WORKSPACE_PLUGINS, WORKSPACE_SETTINGS } from "../amp/places.ts";
import { harmless } from "../base/harmless.ts";
import type { Context } from "../context.ts";
import { painter } from "../operate/style.ts";
import { expandHome } from "../paths.ts";
import { accept, type ProjectFile, projectTrust } from "../project-trust.ts";
import { FrontCommand } from "./front.ts";

const COLOURS = { accepted: "green", changed: "yellow", new: "yellow" } as const;

const ABOUT = `
A repository's ${WORKSPACE_SETTINGS[0]} stands above your own settings,
and what is in ${WORKSPACE_PLUGINS} runs without asking, with Amp's key.
With workspace_trust = false a start is refused until they are accepted; a file
that changes is asked about again. Read them first.`;

/** `amp-module trust`: accepts what the project brings for Amp as it is now. */
export function trustCommand(context: () => Context): Command {
  return new FrontCommand("trust", "accept the settings and plugins that the project brings for Amp")
    .option("--list", "only show them")
    .addHelpText("after", ABOUT)
    .action(({ list }: { list?: true }) => {
      const { config, paths } = context();
      const files = projectTrust(expandHome(config.workdir, paths.home), paths);
      for (const file of files) console.log(describe(file));
      if (files.length === 0) return console.error("The project brings no settings and no plugins for Amp.");
      if (list) return;
      accept(files, paths);
      console.error(
        `Accepted as ${files.length === 1 ? "it is" : "they are"} now. \`amp-module start\` starts Amp.`,
      );
    });
}

function describe({ path, sha256, trust }: ProjectFile): string {
  const paint = painter(process.stdout, process.env);
  return `${paint(COLOURS[trust], trust.padEnd(8))} ${sha256.slice(0, 12)} ${harmless(path)}`;
}
