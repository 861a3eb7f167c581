# A workspace in a Docker container, without Tasks: a chat app, a terminal app and Amp's status in the
# dashboard, and Amp waiting for the user's first message.

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
  description = "Amp API key, from https://ampcode.com/settings. Empty: people run `amp login` once in their workspace."
  type        = string
  sensitive   = true
  default     = ""
}

variable "image" {
  description = "Image of the workspaces, with a user `coder`, and bash, curl and git."
  type        = string
  default     = "codercom/example-base:ubuntu"
}

provider "docker" {}

data "coder_provisioner" "me" {}

data "coder_workspace" "me" {}

data "coder_workspace_owner" "me" {}

resource "coder_agent" "main" {
  os   = "linux"
  arch = data.coder_provisioner.me.arch

  # One line about Amp beside the workspace. [0], not [*]: the other outputs depend on this very agent.
  metadata {
    key          = "amp"
    display_name = "Amp"
    script       = try(module.amp[0].status_script, "")
    interval     = 30
    timeout      = 5
  }
}

module "amp" {
  count = data.coder_workspace.me.start_count
  # In a template of your own: source = "registry.coder.com/coder-labs/amp/coder", version = "1.0.0".
  source = "../.."

  agent_id    = coder_agent.main.id
  workdir     = "~/project"
  amp_api_key = var.amp_api_key

  cli_app = true

  # No push; everything else is allowed. Amp reads the message and continues without.
  base_amp_config = jsonencode({
    "amp.permissions" = [
      { tool = "Bash", matches = { cmd = "*git*push*" }, action = "reject", message = "Leave pushing to the user." },
      { tool = "*", action = "allow" },
    ]
  })

  # One server that Amp starts and one that it calls. $${...} is left for Amp, which reads the token
  # from the workspace's environment: no secret goes through the template.
  mcp = jsonencode({
    github = {
      command = "npx"
      args    = ["-y", "@modelcontextprotocol/server-github"]
      env     = { GITHUB_PERSONAL_ACCESS_TOKEN = "$${GITHUB_TOKEN}" }
    }
    docs = { url = "https://mcp.example.com/sse" }
  })
}

output "amp_logs" {
  description = "If this workspace keeps Amp's logs."
  value       = one(module.amp[*].module_dir)
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
}
