/** The entry of `@coder/amp-client`: all that its users need. Inside the module each file is imported by itself. */
export { AmpConversation, type Answer, openConversation, type TurnOptions } from "./conversation.ts";
export { AmpError, type AmpErrorKind, AmpOptionError } from "./errors.ts";
export {
  type AmpEvent,
  type AssistantEvent,
  type BrokenLine,
  type InitEvent,
  isBlock,
  type McpStatus,
  type NewerKind,
  type OtherBlock,
  type ResultEvent,
  type TextBlock,
  type ThinkingBlock,
  type ToolResultBlock,
  type ToolUseBlock,
  type UnknownBlock,
  type UnknownEvent,
  type Usage,
  type UserEvent,
} from "./events.ts";
export { execute, executeRecords } from "./execute.ts";
export type { InputBlock, InputMessage, Prompt } from "./input.ts";
export { checkMcpServers, listMcpServers, type McpHealth, type McpServerEntry } from "./mcp.ts";
export { addMcpServer, approveMcpServer, type NewMcpServer, removeMcpServer } from "./mcp-configure.ts";
export type {
  AmpOptions,
  ExecuteOptions,
  McpServerConfig,
  PermissionRule,
  Visibility,
} from "./options.ts";
export { type AddedRule, addPermission } from "./permission-add.ts";
export { type ListedRule, listPermissions, type PermissionVerdict, testPermission } from "./permissions.ts";
export { type AmpProbe, probeAmp } from "./probe.ts";
export { continueThread, type RunResult, resultError, run } from "./run.ts";
export {
  archiveThread,
  deleteThread,
  type ExportedThread,
  exportThread,
  type FoundThread,
  labelThread,
  renameThread,
  searchThreads,
  shareThread,
  unarchiveThread,
} from "./thread-actions.ts";
export { isThread, threadId } from "./thread-id.ts";
export { createThread, listThreads, type NewThread, type ThreadSummary, threadMarkdown } from "./threads.ts";
export { type ListedTool, listTools, showTool } from "./tool-list.ts";
export { threadUsageText, type UsageOptions, usageText } from "./usage.ts";
