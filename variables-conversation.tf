# How Amp runs and talks: AgentAPI, its thread, its reports.

# --- AgentAPI ---

variable "agentapi_port" {
  type        = number
  default     = 3284
  nullable    = false
  description = "Port that AgentAPI listens on, 1 to 65535. AgentAPI listens on every address of the workspace and asks nobody for a password: see \"Who can reach the agent\" in the README. Change it and `app_slug` for a second instance on one agent."

  validation {
    condition     = var.agentapi_port >= 1 && var.agentapi_port <= 65535 && floor(var.agentapi_port) == var.agentapi_port
    error_message = "agentapi_port is ${var.agentapi_port}. It must be a whole number from 1 to 65535."
  }
}

variable "agentapi_allowed_hosts" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "Further host names under which browsers reach the chat app, such as a workspace proxy's: exact names without scheme, port or pattern. Loopback's names and those under which Coder itself serves the app are always allowed. [\"*\"]: every name, which lets a web page reach the agent by DNS rebinding."

  validation {
    condition     = alltrue([for host in var.agentapi_allowed_hosts : host == "*" || can(regex("^(\\[[0-9A-Fa-f:.]+\\]|[0-9A-Za-z]([0-9A-Za-z._-]*[0-9A-Za-z])?)$", host))])
    error_message = "agentapi_allowed_hosts is ${jsonencode(var.agentapi_allowed_hosts)}. Each entry must be an exact host name without scheme, port and path, such as \"chat.example.com\"; \"*\" alone stands for every name."
  }
}

variable "enable_agentapi" {
  type        = bool
  default     = null
  description = "Whether Amp runs under AgentAPI. false: Amp is installed and configured only, there is no chat app, and the terminal app runs Amp itself. A Task needs it. null: true, but with `transport = \"runner\"`, which needs no AgentAPI."

  validation {
    condition     = coalesce(var.enable_agentapi, true) || !local.is_task
    error_message = "enable_agentapi is false, but this workspace is a Task, whose chat needs AgentAPI. Set enable_agentapi = true."
  }
}

variable "transport" {
  type        = string
  default     = "terminal"
  nullable    = false
  description = "How AgentAPI talks to Amp: `terminal` reads the screen that Amp draws, so that people can attach to it; `stream` exchanges typed events with Amp (AgentAPI 0.12 or newer), which depends on no screen. `runner`: there is no AgentAPI and no chat app; the workspace is a runner, in which threads run that are begun on Amp's site."

  validation {
    condition     = contains(["terminal", "stream", "runner"], var.transport)
    error_message = "transport is ${jsonencode(var.transport)}. It must be \"terminal\", \"stream\" or \"runner\"."
  }

  validation {
    condition     = var.transport != "runner" || !coalesce(var.enable_agentapi, false)
    error_message = "transport is \"runner\", with which Amp runs without AgentAPI, but enable_agentapi is true. Leave enable_agentapi out; for a chat beside the runner add the module a second time, with an app_slug of its own and without transport."
  }

  validation {
    condition     = var.transport != "runner" || !local.is_task
    error_message = "transport is \"runner\", but this workspace is a Task, whose chat needs AgentAPI. Leave transport out, or give no task."
  }

  validation {
    condition     = var.transport != "stream" || coalesce(var.enable_agentapi, true)
    error_message = "transport is \"stream\", but enable_agentapi is false, so there is nothing to talk to. Set enable_agentapi = true, or leave transport out."
  }
}

variable "approval_timeout" {
  type        = number
  default     = 1800
  nullable    = false
  description = "Seconds that a tool call waits for a person if a rule in `amp.permissions` says `ask`; then it is refused, and Amp is told to ask again. With `transport = \"terminal\"` this needs `status_reports = \"plugin\"`. `0` waits without end."

  validation {
    condition     = var.approval_timeout >= 0 && var.approval_timeout <= 604800
    error_message = "approval_timeout is ${var.approval_timeout}. It must be seconds from 0 (no limit) to 604800 (a week)."
  }
}

variable "approval_channel" {
  type        = string
  default     = "chat"
  nullable    = false
  description = "Where a person answers what a rule with `ask` asks, with `transport = \"stream\"`: `chat`, and `amp-module approve` in a terminal; or `terminal`, by `amp-module approve` alone, since every program in the workspace can write in the chat."

  validation {
    condition     = contains(["chat", "terminal"], var.approval_channel)
    error_message = "approval_channel is ${jsonencode(var.approval_channel)}. It must be \"chat\" or \"terminal\"."
  }
}

variable "enable_boundary" {
  type        = bool
  default     = false
  nullable    = false
  description = "Whether Amp runs inside `coder boundary`, which lets it reach only listed addresses. Needs a `coder` command with `boundary` in the workspace."
}

variable "boundary_config" {
  type        = string
  default     = ""
  nullable    = false
  description = "Configuration of `coder boundary` as the text of a YAML file. Empty: boundary's own defaults."

  validation {
    condition     = var.boundary_config == "" || var.enable_boundary
    error_message = "boundary_config is given, but enable_boundary is false. Set enable_boundary = true, or leave boundary_config out."
  }
}

# --- Conversation ---

variable "continue" {
  type        = bool
  default     = true
  nullable    = false
  description = "Whether a workspace that starts again continues the Amp thread that the module opened before. false: a new thread at every start."
}

variable "thread_id" {
  type        = string
  default     = ""
  nullable    = false
  description = "Amp thread to continue, as `T-...` or its address; wins over `continue`. Empty: the module's own thread."

  validation {
    # src/amp/thread-id.ts reads the same.
    condition     = can(regex("^$|(^|/)T-[A-Za-z0-9][A-Za-z0-9-]*([/?#].*)?$", var.thread_id))
    error_message = "thread_id is ${jsonencode(var.thread_id)}. It must be empty, an Amp thread such as \"T-0199c0de-1234-7abc-8def-0123456789ab\", or the thread's address."
  }
}

variable "thread_visibility" {
  type        = string
  default     = ""
  nullable    = false
  description = "Who may see the thread that the module opens: `private`, `unlisted`, `workspace` or `group`, as `amp --help` lists them. Empty: Amp's own default."

  validation {
    condition     = contains(["", "private", "public", "unlisted", "workspace", "group"], var.thread_visibility)
    error_message = "thread_visibility is ${jsonencode(var.thread_visibility)}. It must be empty, \"private\", \"public\", \"unlisted\", \"workspace\" or \"group\"."
  }
}

variable "thread_labels" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "Labels for the thread that the module opens: at most 20, each of letters, digits and hyphens. Empty: none."

  validation {
    condition     = length(var.thread_labels) <= 20 && alltrue([for label in var.thread_labels : can(regex("^[A-Za-z0-9-]+$", label))])
    error_message = "thread_labels is ${jsonencode(var.thread_labels)}. It must be at most 20 labels, each of letters, digits and hyphens."
  }
}

variable "enable_state_persistence" {
  type        = bool
  default     = true
  nullable    = false
  description = "Whether the chat shows the earlier conversation after a restart (AgentAPI's state file, AgentAPI 0.12 or newer)."
}

variable "task_log_snapshot" {
  type        = bool
  default     = true
  nullable    = false
  description = "Whether the last messages of a Task are given to Coder when the workspace stops, so that they can be read while it is stopped. Needs `task`."
}

# --- Tasks ---

variable "task" {
  type = object({
    enabled = bool
    id      = string
    prompt  = string
  })
  default     = null
  description = "The Coder Task of the workspace: `task = data.coder_task.me` with `data \"coder_task\" \"me\" {}` in the template. In a Task its prompt is the first message if `ai_prompt` is empty, the dashboard shows the chat app whatever `web_app` says, and Coder gets the last messages at the stop. null: the module knows of no Task."

  validation {
    condition     = try(var.task.enabled != true, true) || can(coalesce(var.task.id))
    error_message = "task.enabled is true, but task.id is empty, by which Coder knows the Task. Write task = data.coder_task.me."
  }
}

# --- Status ---

variable "status_reports" {
  type        = string
  default     = "plugin"
  nullable    = false
  description = "How the Coder dashboard gets to know what Amp does. `plugin`: a plugin that the module adds to Amp (with `transport = \"stream\"` the stream agent) reports each turn, tool, question and error by itself; the prompt stays as it is and no model is asked. `coder-mcp`: Amp's model is asked to report, through an MCP server named `coder` that the module adds and allows. `off`: nothing is reported."

  validation {
    condition     = contains(["plugin", "coder-mcp", "off"], var.status_reports)
    error_message = "status_reports is ${jsonencode(var.status_reports)}. It must be \"plugin\", \"coder-mcp\" or \"off\"."
  }
}
