# What Coder Tasks tell about this workspace. The only file that modules/without-tasks replaces: Terraform refuses a data
# source that the provider does not have, even where its count is 0.

data "coder_task" "me" {}

locals {
  is_task     = data.coder_task.me.enabled
  task_id     = local.is_task ? data.coder_task.me.id : ""
  task_prompt = try(coalesce(data.coder_task.me.prompt), "")
}
