# --- Workspace ---

output "module_dir" {
  description = "Folder in the workspace with the logs, the CLI and the state, for use in a shell script: `$HOME/.amp-module`, or `$HOME/.amp-module-<app_slug>` for another slug. `$HOME` is left for the workspace's shell to expand."
  value       = "$HOME/${local.module_dir_name}"
}

# --- AgentAPI ---

output "agentapi_url" {
  description = "Address of AgentAPI inside the workspace, without a slash at the end: `http://localhost:<agentapi_port>`."
  value       = local.agentapi_url
}

# --- Apps ---

output "task_app_id" {
  description = "ID of the chat app, for `app_id` of a `coder_ai_task`. Empty if there is no chat app, which `coder_ai_task` refuses as no valid UUID: then give `task = data.coder_task.me`, by which a Task has the app, or set `web_app = true`; `enable_agentapi = false` and `transport = \"runner\"` leave none."
  value       = local.has_web_app ? coder_app.web[0].id : ""
}

# --- Scripts ---

output "scripts" {
  description = "Names under which other scripts can wait for this module with `coder exp sync want` (Coder 2.30 or newer), in the order in which they complete: the installation, then the start of the agent."
  value       = ["${var.app_slug}-install", "${var.app_slug}-start"]
}

# --- For people ---

output "status_script" {
  description = "POSIX shell script that prints one line about Amp, such as `ready, up 2 h`, for a `metadata` block of `coder_agent`; it always succeeds, also before the module is there. It depends on no `agent_id`: with `count` on the module write `try(module.amp[0].status_script, \"\")`, since `module.amp[*]` would be a cycle."
  value       = <<-EOT
    #!/bin/sh
    bin="$HOME/${local.module_dir_name}/bin"
    line=
    if [ -x "$bin/amp-module" ] && [ -f "$bin/amp-tools.br85" ]; then
      line=$("$bin/amp-module" status --short 2>/dev/null </dev/null) || :
    elif [ ! -e "$bin/amp-module" ]; then
      line='not installed yet'
    fi
    printf '%s\n' "$${line:-unknown: run amp-module status in a terminal}"
  EOT
}
