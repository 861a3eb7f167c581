# Every rule that stands next to its variable: what it refuses, and what at its edge it accepts.

variables {
  agent_id = "agent"
  workdir  = "/home/coder/project"
}

# --- Refused ---

run "agent_id_empty" {
  command = plan

  variables {
    agent_id = ""
  }

  expect_failures = [var.agent_id]
}

run "workdir_not_given" {
  command = plan

  variables {
    workdir = ""
  }

  expect_failures = [var.workdir]
}

run "workdir_relative" {
  command = plan

  variables {
    workdir = "project"
  }

  expect_failures = [var.workdir]
}

run "workdir_of_another_user" {
  command = plan

  variables {
    workdir = "~root/project"
  }

  expect_failures = [var.workdir]
}

run "workdir_after_another_variable" {
  command = plan

  variables {
    workdir = "$HOMEWORK/project"
  }

  expect_failures = [var.workdir]
}

run "workdir_with_a_line_break" {
  command = plan

  variables {
    workdir = "/home/coder\nproject"
  }

  expect_failures = [var.workdir]
}

run "workdir_with_NUL" {
  command = plan

  variables {
    workdir = "/home/\u0000coder"
  }

  expect_failures = [var.workdir]
}

run "ai_prompt_of_white_space_only" {
  command = plan

  variables {
    ai_prompt = " \n\t"
  }

  expect_failures = [var.ai_prompt]
}

run "mode_of_two_words" {
  command = plan

  variables {
    mode = "smart fast"
  }

  expect_failures = [var.mode]
}

run "mode_like_a_flag" {
  command = plan

  variables {
    mode = "--help"
  }

  expect_failures = [var.mode]
}

run "amp_version_with_white_space" {
  command = plan

  variables {
    amp_version = "1.0 2.0"
  }

  expect_failures = [var.amp_version]
}

run "amp_version_like_a_flag" {
  command = plan

  variables {
    amp_version = "-1"
  }

  expect_failures = [var.amp_version]
}

run "amp_version_with_shell_code" {
  command = plan

  variables {
    amp_version = "1;id"
  }

  expect_failures = [var.amp_version]
}

run "agentapi_version_without_v" {
  command = plan

  variables {
    agentapi_version = "0.12.1"
  }

  expect_failures = [var.agentapi_version]
}

run "agentapi_version_of_two_numbers" {
  command = plan

  variables {
    agentapi_version = "v0.12"
  }

  expect_failures = [var.agentapi_version]
}

run "agentapi_version_empty" {
  command = plan

  variables {
    agentapi_version = ""
  }

  expect_failures = [var.agentapi_version]
}

run "agentapi_sha256_too_short" {
  command = plan

  variables {
    agentapi_sha256 = join("", [for i in range(63) : "a"])
  }

  expect_failures = [var.agentapi_sha256]
}

run "agentapi_sha256_not_hexadecimal" {
  command = plan

  variables {
    agentapi_sha256 = join("", [for i in range(64) : "g"])
  }

  expect_failures = [var.agentapi_sha256]
}

run "agentapi_allowed_hosts_with_scheme" {
  command = plan

  variables {
    agentapi_allowed_hosts = ["chat.example.com", "https://chat.example.com"]
  }

  expect_failures = [var.agentapi_allowed_hosts]
}

run "agentapi_allowed_hosts_with_port" {
  command = plan

  variables {
    agentapi_allowed_hosts = ["chat.example.com", "chat.example.com:443"]
  }

  expect_failures = [var.agentapi_allowed_hosts]
}

run "agentapi_allowed_hosts_with_pattern" {
  command = plan

  variables {
    agentapi_allowed_hosts = ["chat.example.com", "*.example.com"]
  }

  expect_failures = [var.agentapi_allowed_hosts]
}

run "agentapi_allowed_hosts_with_space" {
  command = plan

  variables {
    agentapi_allowed_hosts = ["chat.example.com", "a b"]
  }

  expect_failures = [var.agentapi_allowed_hosts]
}

run "agentapi_allowed_hosts_with_empty" {
  command = plan

  variables {
    agentapi_allowed_hosts = ["chat.example.com", ""]
  }

  expect_failures = [var.agentapi_allowed_hosts]
}

run "agentapi_port_zero" {
  command = plan

  variables {
    agentapi_port = 0
  }

  expect_failures = [var.agentapi_port]
}

run "agentapi_port_too_high" {
  command = plan

  variables {
    agentapi_port = 65536
  }

  expect_failures = [var.agentapi_port]
}

run "agentapi_port_not_whole" {
  command = plan

  variables {
    agentapi_port = 3284.5
  }

  expect_failures = [var.agentapi_port]
}

run "app_slug_empty" {
  command = plan

  variables {
    app_slug = ""
  }

  expect_failures = [var.app_slug]
}

run "app_slug_upper_case" {
  command = plan

  variables {
    app_slug = "Amp"
  }

  expect_failures = [var.app_slug]
}

run "app_slug_two_hyphens" {
  command = plan

  variables {
    app_slug = "amp--two"
  }

  expect_failures = [var.app_slug]
}

run "app_slug_ends_with_a_hyphen" {
  command = plan

  variables {
    app_slug = "amp-"
  }

  expect_failures = [var.app_slug]
}

run "app_slug_too_long" {
  command = plan

  variables {
    app_slug = join("", [for i in range(33) : "a"])
  }

  expect_failures = [var.app_slug]
}

run "web_app_display_name_empty" {
  command = plan

  variables {
    web_app_display_name = " "
  }

  expect_failures = [var.web_app_display_name]
}

run "web_app_display_name_too_long" {
  command = plan

  variables {
    web_app_display_name = join("", [for i in range(65) : "a"])
  }

  expect_failures = [var.web_app_display_name]
}

run "cli_app_display_name_empty" {
  command = plan

  variables {
    cli_app_display_name = ""
  }

  expect_failures = [var.cli_app_display_name]
}

run "cli_app_display_name_too_long_in_bytes" {
  command = plan

  variables {
    cli_app_display_name = join("", [for i in range(22) : "語"])
  }

  expect_failures = [var.cli_app_display_name]
}

run "order_not_whole" {
  command = plan

  variables {
    order = 1.5
  }

  expect_failures = [var.order]
}

run "group_too_long" {
  command = plan

  variables {
    group = join("", [for i in range(65) : "a"])
  }

  expect_failures = [var.group]
}

run "subdomain_false_with_an_old_AgentAPI" {
  command = plan

  variables {
    subdomain        = false
    agentapi_version = "v0.3.2"
  }

  expect_failures = [var.subdomain]
}

run "log_level_unknown" {
  command = plan

  variables {
    log_level = "verbose"
  }

  expect_failures = [var.log_level]
}

# --- Accepted ---

run "workdir_the_root" {
  command = plan

  variables {
    workdir = "/"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "workdir_the_home" {
  command = plan

  variables {
    workdir = "~"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "workdir_below_the_home" {
  command = plan

  variables {
    workdir = "~/my project"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "workdir_HOME" {
  command = plan

  variables {
    workdir = "$HOME"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "workdir_below_HOME" {
  command = plan

  variables {
    workdir = "$HOME/project"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "workdir_below_HOME_in_braces" {
  command = plan

  variables {
    workdir = "$${HOME}/日本語 'x'"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "ai_prompt_with_shell_code" {
  command = plan

  variables {
    ai_prompt = "Fix `id` $(touch pwned) \"double\" 'single' $${HOME} %s \\ ! 日本語\nsecond line"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "lowest_numbers" {
  command = plan

  variables {
    agentapi_port = 1
    order         = -1
    app_slug      = "a"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "highest_numbers" {
  command = plan

  variables {
    agentapi_port = 65535
    order         = 1000
    app_slug      = join("", [for i in range(32) : "a"])
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "longest_names" {
  command = plan

  variables {
    web_app_display_name = join("", [for i in range(64) : "a"])
    cli_app_display_name = join("", [for i in range(21) : "語"])
    group                = join("", [for i in range(64) : "a"])
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "version_latest" {
  command = plan

  variables {
    amp_version      = "latest"
    agentapi_version = "latest"
    subdomain        = false
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "version_exact" {
  command = plan

  variables {
    amp_version      = "0.0.1790142911-g7618fb"
    agentapi_version = "v1.0.0-rc.1"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "subdomain_false_with_the_first_AgentAPI_that_can" {
  command = plan

  variables {
    subdomain        = false
    agentapi_version = "v0.3.3"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "subdomain_false_with_a_later_AgentAPI" {
  command = plan

  variables {
    subdomain        = false
    agentapi_version = "v1.0.0"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "subdomain_true_with_an_old_AgentAPI" {
  command = plan

  variables {
    agentapi_version = "v0.3.2"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "checksum_in_upper_case" {
  command = plan

  variables {
    agentapi_sha256 = join("", [for i in range(64) : "A"])
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "null_where_a_default_stands" {
  command = plan

  variables {
    amp_api_key            = null
    amp_url                = null
    ai_prompt              = null
    instruction_prompt     = null
    mode                   = null
    base_amp_config        = null
    mcp                    = null
    dangerously_allow_all  = null
    install_amp            = null
    install_via_npm        = null
    amp_version            = null
    amp_installer_url      = null
    npm_registry_url       = null
    install_agentapi       = null
    agentapi_version       = null
    agentapi_download_url  = null
    agentapi_sha256        = null
    agentapi_port          = null
    agentapi_allowed_hosts = null
    app_slug               = null
    web_app                = null
    web_app_display_name   = null
    cli_app                = null
    cli_app_display_name   = null
    order                  = null
    group                  = null
    icon                   = null
    subdomain              = null
    report_tasks           = null
    pre_install_script     = null
    post_install_script    = null
    log_level              = null
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}
