# A template for versions 2 and 3 of the older module, as it was: only `source` is another.

terraform {
  required_version = ">= 1.9"

  required_providers {
    coder = {
      source  = "coder/coder"
      version = ">= 2.5"
    }
  }
}

data "coder_workspace" "me" {}

resource "coder_agent" "example" {
  os   = "linux"
  arch = "amd64"
}

data "coder_parameter" "ai_prompt" {
  name        = "AI Prompt"
  description = "Write an initial prompt for Amp to work on."
  type        = "string"
  default     = ""
  mutable     = true
}

variable "amp_api_key" {
  type        = string
  description = "Sourcegraph Amp API key. Get one at https://ampcode.com/settings"
  sensitive   = true
}

module "amp-cli" {
  count              = data.coder_workspace.me.start_count
  source             = "../.."
  agent_id           = coder_agent.example.id
  amp_api_key        = var.amp_api_key
  workdir            = "/home/coder/project"
  instruction_prompt = <<-EOT
      # Instructions
      - Start every response with `amp > `
EOT
  ai_prompt          = data.coder_parameter.ai_prompt.value
  base_amp_config = jsonencode({
    "amp.anthropic.thinking.enabled"              = true
    "amp.todos.enabled"                           = true
    "amp.tools.stopTimeout"                       = 600
    "amp.git.commit.ampThread.enabled"            = true
    "amp.git.commit.coauthor.enabled"             = true
    "amp.terminal.commands.nodeSpawn.loadProfile" = "daily"
    "amp.permissions" = [
      { "tool" : "mcp__coder__*", "action" : "allow" },
      { "tool" : "Bash", "action" : "allow", "context" : "thread" },
      { "tool" : "Bash", "matches" : { "cmd" : ["rm -rf /*", "rm -rf ~/*"] }, "action" : "reject", "context" : "subagent" },
      { "tool" : "edit_file", "action" : "allow" },
      { "tool" : "write_file", "action" : "allow" },
      { "tool" : "read_file", "action" : "allow" },
      { "tool" : "Grep", "action" : "allow" }
    ]
  })
}
