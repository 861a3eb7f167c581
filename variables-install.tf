# What is installed, from where, and the scripts around it.

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
  description = "How often, in hours, a newer Amp is looked for at a workspace start if `amp_version` is empty or `latest`. 0: at every start. A failed look-up never stops a start, and Amp is never replaced by an older version."

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

# --- Installing AgentAPI ---

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
  description = "AgentAPI release: `v` and three numbers, such as `v1.2.3`, or `latest`."

  validation {
    condition     = can(regex("^(latest|v[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?)$", var.agentapi_version))
    error_message = "agentapi_version is ${jsonencode(var.agentapi_version)}. It must be \"latest\" or a release such as \"v1.2.3\", with the \"v\"."
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

# --- Your own scripts ---

variable "pre_install_script" {
  type        = string
  default     = null
  description = "Script that runs before anything is installed; if it fails, nothing is. Its output goes to `pre_install.log` in the module directory, until it ends: what it leaves running in the background continues, and needs a log of its own. null: none."
}

variable "post_install_script" {
  type        = string
  default     = null
  description = "Script that runs after the installation and before Amp starts. Its output goes to `post_install.log` in the module directory, until it ends, as with `pre_install_script`. null: none."
}
