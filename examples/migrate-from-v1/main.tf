# A template for version 1 of the older module, as it was: only `source` is another. The names
# sourcegraph_amp_api_key, install_sourcegraph_amp and folder still work; amp_api_key, install_amp and
# workdir are the new ones. The two prompts in the agent's environment are ai_prompt and instruction_prompt now.

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

data "coder_parameter" "ai_prompt" {
  name        = "AI Prompt"
  description = "Write an initial prompt for AMP to work on."
  type        = "string"
  default     = ""
  mutable     = true
}

resource "coder_agent" "example" {
  os   = "linux"
  arch = "amd64"
  env = {
    SOURCEGRAPH_AMP_SYSTEM_PROMPT = <<-EOT
      You are an AMP assistant that helps developers debug and write code efficiently.

      Always log task status to Coder.
    EOT
    SOURCEGRAPH_AMP_TASK_PROMPT   = data.coder_parameter.ai_prompt.value
  }
}

variable "sourcegraph_amp_api_key" {
  type        = string
  description = "Sourcegraph AMP API key"
  sensitive   = true
}

module "sourcegraph_amp" {
  count                   = data.coder_workspace.me.start_count
  source                  = "../.."
  agent_id                = coder_agent.example.id
  sourcegraph_amp_api_key = var.sourcegraph_amp_api_key
  install_sourcegraph_amp = true
  folder                  = "/home/coder/project"
  agentapi_version        = "latest"
}
