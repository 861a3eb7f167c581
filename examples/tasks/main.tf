# Coder Tasks: the prompt that the user types for the Task is Amp's first message, and Coder shows the
# module's chat app beside the Task's status.

terraform {
  required_providers {
    coder = {
      source = "coder/coder"
      # For coder_task; the module itself needs 2.5.
      version = ">= 2.13"
    }
  }
}

variable "amp_api_key" {
  type        = string
  description = "Amp API key, from https://ampcode.com/settings."
  sensitive   = true
}

data "coder_workspace" "me" {}

data "coder_task" "me" {}

# The container, VM or pod that runs this agent goes here too: see the Coder registry's templates.
resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"
}

module "amp" {
  count  = data.coder_workspace.me.start_count
  source = "../.."

  agent_id    = coder_agent.main.id
  workdir     = "/home/coder/project"
  amp_api_key = var.amp_api_key
  task        = data.coder_task.me

  instruction_prompt = <<-EOT
    # Working here
    - Run the tests before you say that a change works.
    - Commit on a branch of your own and never push to main.
  EOT
}

resource "coder_ai_task" "amp" {
  count  = data.coder_workspace.me.start_count
  app_id = module.amp[count.index].task_app_id
}
