# What cannot work with transport = "runner", whose threads are begun on Amp's site.

locals {
  runner_problems = var.transport != "runner" ? [] : compact([
    var.ai_prompt == "" ? "" :
    "ai_prompt is given, but transport is \"runner\", whose threads get their first message on Amp's site. Remove ai_prompt; what Amp is to know in every thread belongs into instruction_prompt.",

    var.mode == "" ? "" :
    "mode is ${jsonencode(var.mode)}, but transport is \"runner\": the mode is chosen on Amp's site, with each thread. Remove mode.",

    var.continue ? "" :
    "continue is false, but transport is \"runner\", which serves its threads again after a restart. Remove continue; archive a thread on Amp's site to end it.",

    var.thread_id == "" ? "" :
    "thread_id is ${jsonencode(var.thread_id)}, but transport is \"runner\": Amp's site says which threads run here. Remove thread_id, and open that thread on Amp's site.",

    var.thread_visibility == "" ? "" :
    "thread_visibility is ${jsonencode(var.thread_visibility)}, but transport is \"runner\", with which the module opens no thread. Remove thread_visibility; it is chosen on Amp's site.",

    length(var.thread_labels) == 0 ? "" :
    "thread_labels is ${jsonencode(var.thread_labels)}, but transport is \"runner\", with which the module opens no thread. Remove thread_labels; labels are given on Amp's site.",

    local.status_reports != "coder-mcp" ? "" :
    "status_reports is \"coder-mcp\", but transport is \"runner\", with which no prompt of the module's asks Amp to report. Remove status_reports: then Amp's plugin reports.",
  ])
  runner_message = nonsensitive(join("\n", local.runner_problems))
}
