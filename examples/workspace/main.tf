# A plain workspace without Tasks: a chat app, a terminal app and Amp's status in the dashboard, and Amp
# waiting for the user's first message.

terraform {
  required_providers {
    coder = {
      source  = "coder/coder"
      version = ">= 2.5"
    }
  }
}

variable "amp_api_key" {
  type        = string
  description = "Amp API key, from https://ampcode.com/settings."
  sensitive   = true
}

data "coder_workspace" "me" {}

# The container, VM or pod that runs this agent goes here too: see the Coder registry's templates.
resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"

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
  count  = data.coder_workspace.me.start_count
  source = "../.."

  agent_id    = coder_agent.main.id
  workdir     = "~/project"
  amp_api_key = var.amp_api_key

  cli_app = true

  # No push; everything else is allowed. Amp reads the message and goes on without.
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
