import * as z from "zod/mini";
import { callAmpJson } from "./call.ts";
import type { AmpOptions } from "./options.ts";

const tool = z.looseObject({ name: z.string(), description: z.optional(z.nullable(z.string())) });

/** A tool as Amp tells it: at least its name, with whatever else this Amp adds. */
export type ListedTool = z.infer<typeof tool>;

type ToolOptions = AmpOptions & {
  /** Those of this agent mode; Amp's default mode otherwise. */
  mode?: string;
};

/** The tools that Amp has here, those of MCP servers among them. Needs a key. @throws AmpError */
export function listTools(options: ToolOptions = {}): Promise<ListedTool[]> {
  return callAmpJson(["tools", "list", "--json", ...modeOf(options)], z.array(tool), options);
}

/** One tool with all that Amp tells of it. Needs a key. @throws AmpError */
export function showTool(name: string, options: ToolOptions = {}): Promise<ListedTool> {
  return callAmpJson(["tools", "show", "--json", ...modeOf(options), "--", name], tool, options);
}

function modeOf({ mode }: ToolOptions): string[] {
  return mode === undefined ? [] : ["--mode", mode];
}
