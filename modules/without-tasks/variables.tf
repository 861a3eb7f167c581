# Generated from ../../variables.tf by `npm run generate`: do not edit.

# Rules that fit in one value are here, next to the variable. Rules that look inside JSON, or whose
# failure must not print the value, are in checks.tf. Names that older templates use are in
# deprecated.tf.

# --- Workspace ---

variable "agent_id" {
  type        = string
  nullable    = false
  description = "ID of the Coder agent that runs Amp: `coder_agent.<name>.id`."

  validation {
    condition     = var.agent_id != ""
    error_message = "agent_id is empty. Give the ID of a Coder agent, for example coder_agent.main.id."
  }
}

variable "workdir" {
  type        = string
  default     = ""
  nullable    = false
  description = "Folder in the workspace that Amp works in: an absolute path, or one that starts with `~` or `$HOME`. Created where it is missing. Required (the deprecated `folder` also counts)."

  validation {
    condition     = var.workdir != "" || var.folder != ""
    error_message = "workdir is not set. Give the folder that Amp works in, for example \"/home/coder/project\" or \"~/project\"."
  }

  validation {
    condition     = contains(["", var.folder], var.workdir) || var.folder == ""
    error_message = "workdir is ${jsonencode(var.workdir)}, but folder, its deprecated name, is ${jsonencode(var.folder)}. Remove folder."
  }

  validation {
    condition     = var.workdir == "" || can(regex(local.workdir_pattern, var.workdir))
    error_message = "workdir is ${jsonencode(var.workdir)}. It must be one line that is an absolute path (\"/home/coder/project\"), or starts with ~/ or $HOME/; \"~\" and \"$HOME\" alone are the home itself."
  }
}

# --- Amp account ---

variable "amp_api_key" {
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true
  description = "Amp API key, from https://ampcode.com/settings. Set as the environment variable `AMP_API_KEY` of the agent and written to no script. Empty: no variable is set, and Amp uses a key or login that the workspace already has. Whether it is empty must be known at plan time."
}

variable "amp_url" {
  type        = string
  default     = ""
  nullable    = false
  description = "Address of a private Amp server, http or https. Set as the environment variable `AMP_URL` of the agent. Empty: Amp's public server."
}

# --- Prompts ---

variable "ai_prompt" {
  type        = string
  default     = ""
  nullable    = false
  description = "First message that Amp gets. Empty: the prompt of the Coder Task, or in a plain workspace none, and Amp waits for the user."

  validation {
    condition     = var.ai_prompt == "" || trimspace(var.ai_prompt) != ""
    error_message = "ai_prompt is ${jsonencode(var.ai_prompt)}: only white space, which Amp cannot be sent. Give a text, or leave it empty to start without a prompt."
  }
}

variable "instruction_prompt" {
  type        = string
  default     = ""
  nullable    = false
  description = "Standing instructions for Amp, as Markdown. Kept as a marked block in `~/.config/AGENTS.md`; what the user wrote around it stays. Empty: no block."
}

# --- Amp settings ---

variable "mode" {
  type        = string
  default     = ""
  nullable    = false
  description = "Agent mode of Amp. Modes differ between releases: `amp --help` lists those of the installed one, and the start fails where it does not know the mode. Empty: Amp's own default."

  validation {
    condition     = can(regex("^([A-Za-z0-9][[:graph:]]*)?$", var.mode))
    error_message = "mode is ${jsonencode(var.mode)}. It must be one word that begins with a letter or digit, such as a mode that `amp --help` lists, or empty for Amp's own default."
  }
}

variable "base_amp_config" {
  type        = string
  default     = ""
  nullable    = false
  description = "Amp settings as the text of a JSON object, best written with `jsonencode({ \"amp.permissions\" = [...] })`. These keys are kept in `~/.config/amp/settings.json`; every other key there stays the user's. Empty: settings that suit unattended work. Put no secret here: Amp expands `$${NAME}` in the `env` of MCP servers."
}

variable "mcp" {
  type        = string
  default     = null
  description = "More MCP servers as the text of a JSON object from server name to server: `{ command, args, env }` for one that Amp starts, `{ url, headers }` for one that it calls. They may also be below a key `mcpServers` or `amp.mcpServers`, as other agents' files have them. A server here replaces one of that name in `base_amp_config`. Put no secret here: Amp expands `$${NAME}` in `env`. null: none."
}

variable "mcp_config_remote_path" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "Addresses, http or https, that return a JSON object of MCP servers, as `mcp` takes it, also below a key `mcpServers`. Fetched at every workspace start, side by side; one that fails is a warning, and its last good answer is used. A server in `base_amp_config` or `mcp` wins over one of that name. Empty: none."
}

variable "dangerously_allow_all" {
  type        = bool
  default     = false
  nullable    = false
  description = "Whether Amp may use every tool without asking (`amp.dangerouslyAllowAll`). false: `amp.permissions` and Amp's defaults decide."
}

# --- Installing Amp ---

variable "install_amp" {
  type        = bool
  default     = null
  description = "Whether to install Amp. null, the default, means true. false: the image brings it."
}

variable "install_via_npm" {
  type        = bool
  default     = false
  nullable    = false
  description = "Whether to install Amp with npm, which must then be in the workspace, instead of the official installer. Needed on Alpine and other musl systems."
}

variable "amp_version" {
  type        = string
  default     = ""
  nullable    = false
  description = "Amp version to install, for example `0.0.1790142911-g7618fb`; an exact version also turns Amp's auto-update off. Empty or `latest`: the newest."

  validation {
    condition     = can(regex(local.amp_version_pattern, var.amp_version))
    error_message = "amp_version is ${jsonencode(var.amp_version)}. It must be empty, \"latest\", or one version such as \"0.0.1790142911-g7618fb\" (letters, digits, \".\", \"+\" and \"-\")."
  }
}

variable "amp_update_check_hours" {
  type        = number
  default     = 24
  nullable    = false
  description = "How often, in hours, a newer Amp is looked for at a workspace start where `amp_version` is empty or `latest`. 0: at every start. A failed look-up never stops a start, and Amp is never replaced by an older version."

  validation {
    condition     = var.amp_update_check_hours >= 0
    error_message = "amp_update_check_hours is ${var.amp_update_check_hours}. It must be 0 (every start) or a number of hours."
  }
}

variable "amp_installer_url" {
  type        = string
  default     = "https://ampcode.com/install.sh"
  nullable    = false
  description = "Address of Amp's installer script, http or https: change it for a mirror. Not used with `install_via_npm`."
}

variable "npm_registry_url" {
  type        = string
  default     = ""
  nullable    = false
  description = "Address of the npm registry for `install_via_npm`, http or https. Empty: what npm is configured to use."
}

# --- AgentAPI ---

variable "install_agentapi" {
  type        = bool
  default     = true
  nullable    = false
  description = "Whether to install AgentAPI. false: the image brings `agentapi` on PATH."
}

variable "agentapi_version" {
  type        = string
  default     = "v0.12.1"
  nullable    = false
  description = "AgentAPI release: `v` and three numbers, such as `v0.12.1`, or `latest`."

  validation {
    condition     = can(regex("^(latest|v[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?)$", var.agentapi_version))
    error_message = "agentapi_version is ${jsonencode(var.agentapi_version)}. It must be \"latest\" or a release such as \"v0.12.1\", with the \"v\"."
  }
}

variable "agentapi_download_url" {
  type        = string
  default     = "https://github.com/coder/agentapi/releases"
  nullable    = false
  description = "Address, http or https, under which AgentAPI's releases are: `<address>/download/<version>/agentapi-<linux|darwin>-<amd64|arm64>`, and `<address>/latest/download/...` for `latest`. Change it for a mirror of that layout."
}

variable "agentapi_sha256" {
  type        = string
  default     = ""
  nullable    = false
  description = "SHA-256 that the downloaded AgentAPI must have, as 64 hexadecimal digits; it differs by version, system and processor. Empty: not checked."

  validation {
    condition     = can(regex("^([0-9A-Fa-f]{64})?$", var.agentapi_sha256))
    error_message = "agentapi_sha256 is ${jsonencode(var.agentapi_sha256)} (${length(var.agentapi_sha256)} characters). It must be 64 hexadecimal digits, as `sha256sum` prints them, or empty."
  }
}

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
  default     = true
  nullable    = false
  description = "Whether Amp runs under AgentAPI. false: Amp is installed and configured only, there is no chat app, and the terminal app runs Amp itself. A Task needs it."
}

variable "transport" {
  type        = string
  default     = "terminal"
  nullable    = false
  description = "How AgentAPI talks to Amp: `terminal` reads the screen that Amp draws, so that people can attach to it; `stream` exchanges typed events with Amp (AgentAPI 0.12 or newer), which depends on no screen."

  validation {
    condition     = contains(["terminal", "stream"], var.transport)
    error_message = "transport is ${jsonencode(var.transport)}. It must be \"terminal\" or \"stream\"."
  }

  validation {
    condition     = var.transport == "terminal" || !var.cli_app
    error_message = "transport is \"stream\", but cli_app is true, and the terminal app attaches to a screen, which only transport = \"terminal\" has. Set cli_app = false, or leave transport out."
  }

  validation {
    condition     = var.transport == "terminal" || var.enable_agentapi
    error_message = "transport is \"stream\", but enable_agentapi is false, so there is nothing to talk to. Set enable_agentapi = true, or leave transport out."
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

# --- Apps ---

variable "app_slug" {
  type        = string
  default     = "amp"
  nullable    = false
  description = "Slug of the web app; the terminal app gets `<app_slug>-cli`. Lower-case letters, digits and single hyphens, 32 characters at most. Also names the module directory: `~/.amp-module` for `amp`, else `~/.amp-module-<app_slug>`."

  validation {
    condition     = can(regex("^[a-z0-9](-?[a-z0-9])*$", var.app_slug)) && length(var.app_slug) <= 32
    error_message = "app_slug is ${jsonencode(var.app_slug)}. It must be 1 to 32 lower-case letters, digits and single hyphens, and neither begin nor end with a hyphen."
  }
}

variable "web_app" {
  type        = bool
  default     = true
  nullable    = false
  description = "Whether the dashboard shows the chat app. A Coder Task always has it."
}

variable "web_app_display_name" {
  type        = string
  default     = "Amp"
  nullable    = false
  description = "Name of the chat app in the dashboard, 64 bytes at most."

  validation {
    condition     = trimspace(var.web_app_display_name) != "" && length(trim(base64encode(var.web_app_display_name), "=")) <= 86
    error_message = "web_app_display_name is ${jsonencode(var.web_app_display_name)}. It must be a name of 64 bytes at most."
  }
}

variable "cli_app" {
  type        = bool
  default     = false
  nullable    = false
  description = "Whether the dashboard shows the terminal app, which attaches to the running Amp's screen; not with `transport = \"stream\"`, which has none."
}

variable "cli_app_display_name" {
  type        = string
  default     = "Amp CLI"
  nullable    = false
  description = "Name of the terminal app in the dashboard, 64 bytes at most."

  validation {
    condition     = trimspace(var.cli_app_display_name) != "" && length(trim(base64encode(var.cli_app_display_name), "=")) <= 86
    error_message = "cli_app_display_name is ${jsonencode(var.cli_app_display_name)}. It must be a name of 64 bytes at most."
  }
}

variable "order" {
  type        = number
  default     = null
  description = "Place of the apps in the dashboard: a whole number, the lowest comes first. null: by name."

  validation {
    condition     = try(floor(var.order) == var.order, var.order == null)
    error_message = "order is ${coalesce(var.order, 0)}. It must be a whole number, or null."
  }
}

variable "group" {
  type        = string
  default     = null
  description = "Name of the group that the apps are in, 64 bytes at most. null: no group."

  validation {
    condition     = try(length(trim(base64encode(var.group), "=")) <= 86, var.group == null)
    error_message = "group is ${jsonencode(var.group)}. It must be a name of 64 bytes at most, or null."
  }
}

variable "icon" {
  type        = string
  default     = "/icon/sourcegraph-amp.svg"
  nullable    = false
  description = "Icon of the apps and scripts: a path on the Coder server or the address of an image."
}

variable "subdomain" {
  type        = bool
  default     = true
  nullable    = false
  description = "Whether the chat app has a subdomain of its own, which needs a wildcard access URL on the Coder server. false: it is served below the workspace's path; AgentAPI must then be v0.3.3 or later."

  validation {
    condition = var.subdomain || try(
      # Compares the numbers as one: v0.3.3 is 3003.
      sum([for place, part in regex("^v([0-9]+)\\.([0-9]+)\\.([0-9]+)", var.agentapi_version) : part * pow(1000, 2 - place)]) >= 3003,
      true,
    )
    error_message = "subdomain = false needs agentapi_version v0.3.3 or later, which can serve its chat below a path; it is ${jsonencode(var.agentapi_version)}."
  }
}

# --- Conversation ---

variable "continue" {
  type        = bool
  default     = true
  nullable    = false
  description = "Whether a workspace that starts again goes on with the Amp thread that the module opened before. false: a new thread at every start."
}

variable "thread_id" {
  type        = string
  default     = ""
  nullable    = false
  description = "Amp thread to go on with, as `T-...` or its address; wins over `continue`. Empty: the module's own thread."

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
  description = "Whether the last messages of a Task are given to Coder when the workspace stops, so that they can be read while it is stopped."
}

# --- Tasks ---

variable "report_tasks" {
  type        = bool
  default     = true
  nullable    = false
  description = "Whether Amp reports its progress to the Coder dashboard, through an MCP server named `coder` that the module adds and allows."
}

# --- Scripts and logs ---

variable "pre_install_script" {
  type        = string
  default     = null
  description = "Script that runs before anything is installed; where it fails, nothing is. Its output goes to `pre_install.log` in the module directory, until it ends: what it leaves running in the background goes on, and needs a log of its own. null: none."
}

variable "post_install_script" {
  type        = string
  default     = null
  description = "Script that runs after the installation and before Amp starts. Its output goes to `post_install.log` in the module directory, until it ends, as with `pre_install_script`. null: none."
}

variable "log_level" {
  type        = string
  default     = "info"
  nullable    = false
  description = "How much the logs in the module directory say: `debug`, `info`, `warn` or `error`."

  validation {
    condition     = contains(["debug", "info", "warn", "error"], var.log_level)
    error_message = "log_level is ${jsonencode(var.log_level)}. It must be \"debug\", \"info\", \"warn\" or \"error\"."
  }
}
