# Names that templates for the older module use. Each still works; if it and the new name are both
# given and differ, the plan fails. The environment variables SOURCEGRAPH_AMP_TASK_PROMPT and
# SOURCEGRAPH_AMP_SYSTEM_PROMPT of the agent are read in the workspace: src/deprecated.ts.

locals {
  workdir     = try(coalesce(var.workdir, var.folder), "")
  amp_api_key = try(coalesce(var.amp_api_key, var.sourcegraph_amp_api_key), "")
  install_amp = coalesce(var.install_amp, var.install_sourcegraph_amp, true)
  amp_version = try(coalesce(var.amp_version, var.sourcegraph_amp_version), "")

  # The old name knows on and off only, and on is the default.
  status_reports = coalesce(var.report_tasks, true) ? var.status_reports : "off"

  # What a new name and its deprecated one both must match.
  workdir_pattern     = "^(/|(~|\\$HOME|\\$\\{HOME\\})(/|$))[^[:cntrl:]]*$"
  amp_version_pattern = "^([0-9A-Za-z][0-9A-Za-z.+-]*)?$"

  deprecation_warnings = nonsensitive(local.mcp_inputs.additional_mcp_servers == "") ? [] : ["additional_mcp_servers is deprecated: rename it to mcp."]
}

check "deprecated_names" {
  assert {
    condition     = length(local.deprecation_warnings) == 0
    error_message = join("\n", local.deprecation_warnings)
  }
}

# --- Workspace ---

variable "folder" {
  type        = string
  default     = ""
  nullable    = false
  description = "Deprecated: use `workdir`. Empty: not given."

  validation {
    condition     = var.folder == "" || can(regex(local.workdir_pattern, var.folder))
    error_message = "folder is ${jsonencode(var.folder)}. It must be one line that is an absolute path (\"/home/coder/project\"), or starts with ~/ or $HOME/. Its new name is workdir."
  }
}

# --- Amp account ---

variable "sourcegraph_amp_api_key" {
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true
  description = "Deprecated: use `amp_api_key`. Empty: not given."
}

# --- Amp settings ---

variable "additional_mcp_servers" {
  type        = string
  default     = null
  description = "Deprecated: use `mcp`. null: not given."
}

# --- Installing Amp ---

variable "install_sourcegraph_amp" {
  type        = bool
  default     = null
  description = "Deprecated: use `install_amp`. null: not given."

  validation {
    condition     = var.install_sourcegraph_amp == null || coalesce(var.install_amp, var.install_sourcegraph_amp, true) == coalesce(var.install_sourcegraph_amp, true)
    error_message = "install_sourcegraph_amp is ${coalesce(var.install_sourcegraph_amp, true)}, but install_amp, its new name, is ${coalesce(var.install_amp, true)}. Remove install_sourcegraph_amp."
  }
}

variable "sourcegraph_amp_version" {
  type        = string
  default     = ""
  nullable    = false
  description = "Deprecated: use `amp_version`. Empty: not given."

  validation {
    condition     = can(regex(local.amp_version_pattern, var.sourcegraph_amp_version))
    error_message = "sourcegraph_amp_version is ${jsonencode(var.sourcegraph_amp_version)}. It must be empty, \"latest\", or one version such as \"0.0.1790142911-g7618fb\". Its new name is amp_version."
  }

  validation {
    condition     = contains(["", var.sourcegraph_amp_version], var.amp_version) || var.sourcegraph_amp_version == ""
    error_message = "sourcegraph_amp_version is ${jsonencode(var.sourcegraph_amp_version)}, but amp_version, its new name, is ${jsonencode(var.amp_version)}. Remove sourcegraph_amp_version."
  }
}

# --- Status ---

variable "report_tasks" {
  type        = bool
  default     = null
  description = "Deprecated: use `status_reports`; false is its `off`. null: not given."

  validation {
    condition     = coalesce(var.report_tasks, var.status_reports != "off") ? var.status_reports != "off" : var.status_reports != "coder-mcp"
    error_message = "report_tasks is ${coalesce(var.report_tasks, false)}, but status_reports, its new name, is ${jsonencode(var.status_reports)}. Remove report_tasks."
  }
}
