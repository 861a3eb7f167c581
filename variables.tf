# The workspace, the Amp account, prompts and Amp's settings. What is installed is in variables-install.tf, how Amp runs and
# talks in variables-conversation.tf, the dashboard in variables-apps.tf, names that older templates use in deprecated.tf.
#
# Rules that fit in one value are next to the variable. Rules that look inside JSON, or whose failure must not print the
# value, are in checks*.tf.

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
  description = "Folder in the workspace that Amp works in: an absolute path, or one that starts with `~` or `$HOME`. Created if it is missing. Required (the deprecated `folder` also counts)."

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
  description = "First message that Amp gets. Empty: the prompt of `task`, and without one Amp waits for the user."

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
  description = "Agent mode of Amp. Modes differ between releases: `amp --help` lists those of the installed one, and the start fails if it does not know the mode. Empty: Amp's own default."

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

# --- Rules that hold ---

variable "managed_settings" {
  type        = string
  default     = ""
  nullable    = false
  description = "Amp settings that neither the user nor a repository can overrule, as the text of a JSON object, best written with `jsonencode({ \"amp.permissions\" = [...] })`. Kept in Amp's managed settings file, `/etc/ampcode/managed-settings.json` (macOS: `/Library/Application Support/ampcode/`), one for the whole machine: every instance of the module on it needs the same. With rules in it, `amp.dangerouslyAllowAll` is false there unless it says otherwise. Needs root, `managed_settings_sudo`, or an image that has the file from `amp-module prebake`: if it cannot be written the start fails. Empty: the file is left as it is. Put no secret here: every user of the workspace can read it."
}

variable "managed_settings_sudo" {
  type        = bool
  default     = false
  nullable    = false
  description = "Whether the start may write `managed_settings` with `sudo`, without a password, if it is not root. What runs as a user with such rights can also change the file: rules that hold against the agent itself need an image with the file and no `sudo`."

  validation {
    condition     = !var.managed_settings_sudo || trimspace(var.managed_settings) != ""
    error_message = "managed_settings_sudo is true, but managed_settings is empty, so there is nothing to write. Set managed_settings, or remove managed_settings_sudo."
  }
}

variable "workspace_trust" {
  type        = bool
  default     = true
  nullable    = false
  description = "Whether Amp may take what a repository brings in `.amp/`: its settings stand above the user's, and its plugins run without asking. false: a start is refused if `workdir` has such files that nobody has accepted as they are with `amp-module trust`. Only `managed_settings` stands above a repository's settings."
}

# --- Logs ---

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
