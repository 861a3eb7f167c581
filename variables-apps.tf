# What the dashboard shows.

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
  description = "Whether the dashboard shows the chat app. A Task that is given as `task` always has it; without `task`, `coder_ai_task` needs `web_app = true`."
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
  description = "Whether the dashboard shows the terminal app: the running Amp's screen, or with `transport = \"stream\"`, which has none, the chat in a terminal, and with `\"runner\"` what the runner logs."
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
