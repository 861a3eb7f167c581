import { AGENT_CHECKS } from "./agent.ts";
import type { Check } from "./check.ts";
import { CODER_CHECKS } from "./coder.ts";
import { CONNECTION_CHECKS } from "./connection.ts";
import { LOG_CHECKS } from "./logs.ts";
import { MCP_CHECKS } from "./mcp.ts";
import { FILES_OF_OTHERS } from "./owner.ts";
import { PERMISSION_CHECKS } from "./permissions.ts";
import { PROGRAM_CHECKS } from "./programs.ts";
import { SETTINGS_CHECKS } from "./settings.ts";
import { WORKSPACE_CHECKS } from "./workspace.ts";

/** Everything that doctor looks at, all side by side. A new check goes into the list of its file. */
export const CHECKS: readonly Check[] = [
  FILES_OF_OTHERS,
  ...WORKSPACE_CHECKS,
  ...PROGRAM_CHECKS,
  ...CODER_CHECKS,
  ...SETTINGS_CHECKS,
  ...PERMISSION_CHECKS,
  ...MCP_CHECKS,
  ...CONNECTION_CHECKS,
  ...AGENT_CHECKS,
  ...LOG_CHECKS,
];
