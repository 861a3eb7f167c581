# A network without the Internet: Amp and AgentAPI come from mirrors of your own, their certificates from a CA
# of your own, and Amp talks to the one server that it is told.

terraform {
  required_version = ">= 1.9"

  required_providers {
    coder = {
      source  = "coder/coder"
      version = ">= 2.5"
    }
    docker = {
      source  = "kreuzwerker/docker"
      version = ">= 3.0"
    }
  }
}

variable "amp_api_key" {
  description = "API key of your Amp server."
  type        = string
  sensitive   = true
}

variable "amp_url" {
  description = "Address of your Amp server. Amp does not work without one."
  type        = string
  default     = "https://amp.example.com"
}

variable "npm_registry_url" {
  description = "npm registry that has @ampcode/cli and the package of the workspace's platform, such as @ampcode/cli-linux-x64."
  type        = string
  default     = "https://npm.example.com"
}

variable "agentapi_download_url" {
  description = "Mirror of AgentAPI's releases: <address>/download/<version>/agentapi-linux-amd64."
  type        = string
  default     = "https://mirror.example.com/agentapi/releases"
}

variable "agentapi_sha256" {
  description = "SHA-256 of that file, as 64 hexadecimal digits. Empty: what the mirror has beside it as <file>.sha256 is believed."
  type        = string
  default     = ""
}

variable "image" {
  description = "Image of the workspaces in your own registry, with a user `coder`, bash, git, Node and npm."
  type        = string
  default     = "registry.example.com/workspace:latest"
}

variable "ca_file" {
  description = "PEM file on the Docker host with the public CAs and your own."
  type        = string
  default     = "/etc/ssl/certs/ca-certificates.crt"
}

provider "docker" {}

data "coder_provisioner" "me" {}

data "coder_workspace" "me" {}

data "coder_workspace_owner" "me" {}

resource "coder_agent" "main" {
  os   = "linux"
  arch = data.coder_provisioner.me.arch
}

module "amp" {
  count = data.coder_workspace.me.start_count
  # In a template of your own: source = "registry.coder.com/coder-labs/amp/coder", version = "1.0.0".
  source = "../.."

  agent_id    = coder_agent.main.id
  workdir     = "/home/coder/project"
  amp_api_key = var.amp_api_key
  amp_url     = var.amp_url

  install_via_npm  = true
  npm_registry_url = var.npm_registry_url
  amp_version      = "0.0.1790142911-g7618fb"

  agentapi_download_url = var.agentapi_download_url
  agentapi_sha256       = var.agentapi_sha256
}

# For all that downloads: the module, npm, curl and Amp itself.
resource "coder_env" "ca" {
  agent_id = coder_agent.main.id
  name     = "SSL_CERT_FILE"
  value    = "/etc/ssl/certs/ca-certificates.crt"
}

# The home outlives the container, and Amp's login, settings and conversation with it.
resource "docker_volume" "home" {
  name = "coder-${data.coder_workspace.me.id}-home"

  lifecycle {
    ignore_changes = all
  }
}

# No port is published: whoever reaches AgentAPI's port types to Amp, and Coder's apps need none.
resource "docker_container" "workspace" {
  count    = data.coder_workspace.me.start_count
  image    = var.image
  name     = "coder-${data.coder_workspace_owner.me.name}-${lower(data.coder_workspace.me.name)}"
  hostname = data.coder_workspace.me.name

  # A Coder server on this very machine is another host, seen from the container.
  entrypoint = ["sh", "-c", replace(coder_agent.main.init_script, "/localhost|127\\.0\\.0\\.1/", "host.docker.internal")]
  env        = ["CODER_AGENT_TOKEN=${coder_agent.main.token}"]

  host {
    host = "host.docker.internal"
    ip   = "host-gateway"
  }

  volumes {
    container_path = "/home/coder"
    volume_name    = docker_volume.home.name
  }

  volumes {
    container_path = "/etc/ssl/certs/ca-certificates.crt"
    host_path      = var.ca_file
    read_only      = true
  }
}
