import type { Command } from "commander";
import { checkMcpServers, listMcpServers } from "../amp/mcp.ts";
import { harmless } from "../base/harmless.ts";
import type { Context } from "../context.ts";
import { painter } from "../operate/style.ts";
import { askAmp } from "./ask-amp.ts";
import { FrontCommand, groupCommand } from "./front.ts";

interface Flags {
  json?: true;
}

/** `amp-module mcp list` and `amp-module mcp doctor`. */
export function mcpCommand(context: () => Context): Command {
  return groupCommand("mcp", "look at the MCP servers that Amp has here", [
    listCommand(context),
    doctorCommand(context),
  ]);
}

function listCommand(context: () => Context): Command {
  return new FrontCommand("list", "list them, and where each is configured")
    .option("--json", "print names, kinds and sources as JSON")
    .action(async ({ json }: Flags) => {
      const known = context();
      // Without what is configured: it holds secrets.
      const servers = (await askAmp(known, listMcpServers)).map(({ name, type, source }) => ({
        name,
        type,
        source,
      }));
      if (json) return print(known, JSON.stringify(servers, undefined, 2));
      if (servers.length === 0) console.error("Amp has no MCP servers here.");
      const width = Math.max(...servers.map(({ name }) => name.length));
      for (const { name, type, source } of servers) {
        print(known, `${name.padEnd(width)}  ${[type, source].filter(Boolean).join(", ")}`.trimEnd());
      }
    });
}

function doctorCommand(context: () => Context): Command {
  return new FrontCommand("doctor", "start each of them and say how that went; takes seconds")
    .argument("[server]", "only this one")
    .option("--json", "print the results as JSON")
    .addHelpText("after", "\nExit codes: 0 all are connected, 1 not.")
    .action(async (server: string | undefined, { json }: Flags) => {
      const known = context();
      const checked = await askAmp(known, (options) =>
        checkMcpServers({ ...options, ...(server !== undefined && { server }) }),
      );
      process.exitCode = checked.every(({ status }) => status === "connected") ? 0 : 1;
      if (json) return print(known, JSON.stringify(checked, undefined, 2));
      if (checked.length === 0) console.error("Amp has no MCP servers here.");
      const paint = painter(process.stdout, process.env);
      for (const { name, source, status, detail } of checked) {
        const colour = status === "connected" ? "green" : status === "error" ? "red" : "yellow";
        const rest = known.redact(harmless(`${name} (${source})${detail === "" ? "" : `: ${detail}`}`));
        console.log(`${paint(colour, status.padEnd(10))} ${rest}`);
      }
    });
}

function print({ redact }: Context, text: string): void {
  console.log(redact(harmless(text)));
}
