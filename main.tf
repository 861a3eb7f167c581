# Variables → payload → rendered script → the workspace. Nothing sensitive takes that way: secrets
# become environment variables of the agent, because the agent may log whole scripts.

locals {
  # --- Workspace ---

  display_name = var.app_slug == "amp" ? "Amp" : "Amp (${var.app_slug})"

  # Also the folder that two instances on one agent must not share.
  module_dir_name = var.app_slug == "amp" ? ".amp-module" : ".amp-module-${var.app_slug}"

  # --- Task and prompt ---

  # A member may be null; false and "" stand for that.
  is_task     = try(coalesce(var.task.enabled), false)
  task_id     = local.is_task ? var.task.id : ""
  task_prompt = try(coalesce(var.task.prompt), "")
  ai_prompt   = var.ai_prompt != "" ? var.ai_prompt : local.task_prompt

  # --- Apps ---

  agentapi_url = "http://localhost:${var.agentapi_port}"
  has_agentapi = coalesce(var.enable_agentapi, var.transport != "runner")
  has_web_app  = local.has_agentapi && (var.web_app || local.is_task)

  # The app beside which the dashboard shows what Amp does.
  status_app = local.has_web_app ? var.app_slug : var.cli_app ? "${var.app_slug}-cli" : ""

  # Typed events have no screen to attach to, and a runner's screen is its log.
  screen_commands = {
    terminal = "agentapi attach --url localhost:${var.agentapi_port}"
    stream   = "amp-module chat"
    runner   = "amp-module logs start -f"
  }
  terminal_command = local.has_agentapi || var.transport == "runner" ? lookup(local.screen_commands, var.transport, "") : "amp-session"

  # --- Scripts ---

  # What the CLI in the workspace reads as config.json. Keys are the variables' names.
  payload = {
    # For the path of a chat without a subdomain only: an agent's ID is unknown at plan time, and then so
    # is the script and its size.
    agent_id                 = var.subdomain ? "" : var.agent_id
    workdir                  = local.workdir
    ai_prompt                = local.ai_prompt
    instruction_prompt       = var.instruction_prompt
    mode                     = var.mode
    base_amp_config          = local.base_amp_config
    mcp                      = local.mcp
    mcp_config_remote_path   = var.mcp_config_remote_path
    dangerously_allow_all    = var.dangerously_allow_all
    managed_settings         = local.managed_settings
    managed_settings_sudo    = var.managed_settings_sudo
    workspace_trust          = var.workspace_trust
    install_amp              = local.install_amp
    install_via_npm          = var.install_via_npm
    amp_version              = local.amp_version
    amp_update_check_hours   = var.amp_update_check_hours
    amp_installer_url        = var.amp_installer_url
    npm_registry_url         = var.npm_registry_url
    install_agentapi         = var.install_agentapi
    agentapi_version         = var.agentapi_version
    agentapi_download_url    = var.agentapi_download_url
    agentapi_sha256          = lower(var.agentapi_sha256)
    agentapi_port            = var.agentapi_port
    agentapi_allowed_hosts   = var.agentapi_allowed_hosts
    app_slug                 = var.app_slug
    web_app                  = var.web_app
    cli_app                  = var.cli_app
    subdomain                = var.subdomain
    status_reports           = local.status_reports
    status_app               = local.status_app
    task_id                  = local.task_id
    task_log_snapshot        = var.task_log_snapshot
    continue                 = var.continue
    thread_id                = var.thread_id
    thread_visibility        = var.thread_visibility
    thread_labels            = var.thread_labels
    enable_state_persistence = var.enable_state_persistence
    enable_agentapi          = local.has_agentapi
    enable_boundary          = var.enable_boundary
    boundary_config          = var.boundary_config
    transport                = var.transport
    approval_channel         = var.approval_channel
    approval_timeout         = var.approval_timeout
    acp_bundle_sha256        = var.transport == "stream" ? sha256(file("${path.module}/scripts/${local.bundles.stream_agent}")) : ""
    log_level                = var.log_level
    # What the plan warned of; its own words, since only the plan knows Amp's names.
    warnings = concat(local.settings_warnings, local.deprecation_warnings)
  }

  # Bundles with a script of their own, by the script's name; one script for all would be longer than one
  # argument may be, and its room is the user's.
  bundles = { tools = "amp-tools.br85", stream_agent = "amp-acp.br85" }

  bundle_scripts = {
    for name, file in local.bundles : name => templatefile("${path.module}/scripts/bundle.sh.tftpl", {
      module_dir_name = local.module_dir_name
      file            = file
      bundle          = file("${path.module}/scripts/${file}")
    }) if name == "tools" || var.transport == "stream"
  }

  # Whole lines of comment, and what other lines are indented by: both only cost room in the script. The first line is
  # none of them.
  shell_layout = "/(?m)^ *#([^!].*)?\n|^ +/"

  # What the start script is rendered from, but for config.json.
  bootstrap = {
    module_dir_name = local.module_dir_name

    # The bootstrap itself runs the installer if the workspace has no JavaScript runtime.
    installer_url_base64 = local.install_amp && !var.install_via_npm ? base64encode(var.amp_installer_url) : ""
    amp_version_base64   = base64encode(local.amp_version)
  }

  # What the start script brings, by its path in the module directory.
  unpacked_files = merge(
    {
      "bin/amp-module.br85" = { mode = 600, text = file("${path.module}/scripts/amp-module.br85") }
      "bin/loader.cjs"      = { mode = 600, text = file("${path.module}/scripts/loader.cjs") }
      "bin/amp-module"      = { mode = 700, text = replace(file("${path.module}/scripts/amp-module.sh"), local.shell_layout, "") }
      "bin/supervisor.sh"   = { mode = 700, text = replace(file("${path.module}/scripts/supervisor.sh"), local.shell_layout, "") }
    },
    # Files beside config.json: the first one may have to run before there is a runtime to read JSON.
    {
      for name in ["pre_install", "post_install"] : "${name}.sh" => { mode = 700, text = local.texts["${name}_script"] }
      if local.texts["${name}_script"] != ""
    },
  )

  start_script = replace(templatefile("${path.module}/scripts/bootstrap.sh.tftpl", merge(local.bootstrap, {
    files = merge(local.unpacked_files, { "config.json" = { mode = 600, text = jsonencode(local.payload) } })
  })), local.shell_layout, "")

  stop_script = templatefile("${path.module}/scripts/stop.sh.tftpl", {
    module_dir_name = local.module_dir_name
  })
}

# --- Amp account ---

resource "coder_env" "amp_api_key" {
  count = nonsensitive(local.amp_api_key != "") ? 1 : 0

  agent_id = var.agent_id
  name     = "AMP_API_KEY"
  value    = local.amp_api_key
}

resource "coder_env" "amp_url" {
  # Not one that cannot be used: the plan, which fails then, would show it with what it holds.
  count = nonsensitive(var.amp_url != "" && length(local.problems_of_urls["amp_url"]) == 0) ? 1 : 0

  agent_id = var.agent_id
  name     = "AMP_URL"
  value    = var.amp_url
}

# --- Apps ---

resource "coder_app" "web" {
  count = local.has_web_app ? 1 : 0

  agent_id     = var.agent_id
  slug         = var.app_slug
  display_name = var.web_app_display_name
  icon         = var.icon
  url          = "${local.agentapi_url}/"
  subdomain    = var.subdomain
  order        = var.order
  group        = var.group

  healthcheck {
    url       = "${local.agentapi_url}/status"
    interval  = 3
    threshold = 20
  }
}

resource "coder_app" "cli" {
  count = var.cli_app ? 1 : 0

  agent_id     = var.agent_id
  slug         = "${var.app_slug}-cli"
  display_name = var.cli_app_display_name
  icon         = var.icon
  order        = var.order
  group        = var.group

  # The first line makes the agent run this with /bin/sh, whatever the user's shell is.
  command = <<-EOT
    #!/bin/sh
    export LANG=C.UTF-8 LC_ALL=C.UTF-8
    PATH="$HOME/${local.module_dir_name}/bin:$PATH"
    exec ${local.terminal_command}
  EOT
}

# --- Scripts ---

resource "coder_script" "start" {
  agent_id           = var.agent_id
  display_name       = local.display_name
  icon               = var.icon
  script             = local.start_script
  run_on_start       = true
  start_blocks_login = false

  lifecycle {
    precondition {
      condition     = length(local.refusals) == 0
      error_message = join("\n\n", local.refusals)
    }

    precondition {
      condition     = local.start_script_bytes <= local.script_bytes_max
      error_message = local.script_size_message
    }
  }
}

resource "coder_script" "bundle" {
  for_each = local.bundle_scripts

  agent_id     = var.agent_id
  display_name = "${local.display_name}: ${replace(each.key, "_", " ")}"
  icon         = var.icon
  script       = each.value
  run_on_start = true

  lifecycle {
    precondition {
      condition     = length(each.value) <= local.script_bytes_max
      error_message = "The script that brings ${local.bundles[each.key]} has ${length(each.value)} bytes, but the Coder agent runs it as one argument, which on Linux has at most ${local.script_bytes_max}. No input of yours is in it: use another version of this module."
    }
  }
}

resource "coder_script" "stop" {
  agent_id     = var.agent_id
  display_name = "${local.display_name}: stop"
  icon         = var.icon
  script       = local.stop_script
  run_on_stop  = true
}
