# In place of ../../tasks.tf: a provider without Tasks has nothing to ask.

locals {
  is_task     = false
  task_id     = ""
  task_prompt = ""
}
