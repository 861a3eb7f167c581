/** The entry of `@coder/agentapi-client`: all that its users need, and the only file that they import. */
export {
  type AgentApiClient,
  type ClientOptions,
  createAgentApiClient,
  type EventsOptions,
  type RequestOptions,
} from "./client.ts";
export type { Message, NewMessage, Status } from "./contract.ts";
export { AgentApiError, type AgentApiErrorKind } from "./errors.ts";
export type { AgentApiEvent } from "./events.ts";
export { firstAnswer, until, type WaitOptions } from "./wait.ts";
