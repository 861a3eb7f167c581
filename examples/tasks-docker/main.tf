# Coder Tasks in a Docker container: the prompt that the user types for the Task is Amp's first message, and
# Coder shows the module's chat app beside the Task's status.

terraform {
  required_version = ">= 1.9"

  required_providers {
    coder = {
      source = "coder/coder"
      # For coder_task; the module itself needs 2.5.
      version = ">= 2.13"
    }
    docker = {
      source  = "kreuzwerker/docker"
      version = ">= 3.0"
    }
  }
}

variable "amp_api_key" {
  description = "Amp API key, from https://ampcode.com/settings."
  type        = string
  sensitive   = true
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

data "coder_task" "me" {}

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
