# Every rule that stands next to its variable: what it refuses, and what at its edge it accepts. Each run has one value for
# each variable, and says behind it what is special about it.

variables {
  agent_id = "agent"
  workdir  = "/home/coder/project"
}

# --- Refused ---

run "refused_1" {
  command = plan

  variables {
    agent_id               = ""                                               # empty
    workdir                = ""                                               # not given
    ai_prompt              = " \n\t"                                          # of white space only
    mode                   = "smart fast"                                     # of two words
    amp_version            = "1.0 2.0"                                        # with white space
    agentapi_version       = "1.2.3"                                          # without v
    agentapi_sha256        = join("", [for i in range(63) : "a"])             # too short
    agentapi_allowed_hosts = ["chat.example.com", "https://chat.example.com"] # with scheme
    agentapi_port          = 0                                                # zero
    app_slug               = ""                                               # empty
    web_app_display_name   = " "                                              # empty
    cli_app_display_name   = ""                                               # empty
    order                  = 1.5                                              # not whole
    group                  = join("", [for i in range(65) : "a"])             # too long
    log_level              = "verbose"                                        # unknown
  }

  expect_failures = [
    var.agent_id,
    var.workdir,
    var.ai_prompt,
    var.mode,
    var.amp_version,
    var.agentapi_version,
    var.agentapi_sha256,
    var.agentapi_allowed_hosts,
    var.agentapi_port,
    var.app_slug,
    var.web_app_display_name,
    var.cli_app_display_name,
    var.order,
    var.group,
    var.log_level,
  ]
}

run "refused_2" {
  command = plan

  variables {
    workdir                = "project"                                    # relative
    mode                   = "--help"                                     # like a flag
    amp_version            = "-1"                                         # like a flag
    agentapi_version       = "v0.12"                                      # of two numbers
    agentapi_sha256        = join("", [for i in range(64) : "g"])         # not hexadecimal
    agentapi_allowed_hosts = ["chat.example.com", "chat.example.com:443"] # with port
    agentapi_port          = 65536                                        # too high
    app_slug               = "Amp"                                        # upper case
    web_app_display_name   = join("", [for i in range(65) : "a"])         # too long
    cli_app_display_name   = join("", [for i in range(22) : "語"])         # too long in bytes
  }

  expect_failures = [
    var.workdir,
    var.mode,
    var.amp_version,
    var.agentapi_version,
    var.agentapi_sha256,
    var.agentapi_allowed_hosts,
    var.agentapi_port,
    var.app_slug,
    var.web_app_display_name,
    var.cli_app_display_name,
  ]
}

run "refused_3" {
  command = plan

  variables {
    workdir                = "~root/project"                       # of another user
    amp_version            = "1;id"                                # with shell code
    agentapi_version       = ""                                    # empty
    agentapi_allowed_hosts = ["chat.example.com", "*.example.com"] # with pattern
    agentapi_port          = 3284.5                                # not whole
    app_slug               = "amp--two"                            # two hyphens
  }

  expect_failures = [
    var.workdir,
    var.amp_version,
    var.agentapi_version,
    var.agentapi_allowed_hosts,
    var.agentapi_port,
    var.app_slug,
  ]
}

run "refused_4" {
  command = plan

  variables {
    workdir                = "$HOMEWORK/project"         # after another variable
    agentapi_allowed_hosts = ["chat.example.com", "a b"] # with space
    app_slug               = "amp-"                      # ends with a hyphen
    subdomain              = false                       # false with an old AgentAPI
    agentapi_version       = "v0.3.2"
  }

  expect_failures = [
    var.workdir,
    var.agentapi_allowed_hosts,
    var.app_slug,
    var.subdomain,
  ]
}

run "refused_5" {
  command = plan

  variables {
    workdir                = "/home/coder\nproject"               # with a line break
    agentapi_allowed_hosts = ["chat.example.com", ""]             # with empty
    app_slug               = join("", [for i in range(33) : "a"]) # too long
  }

  expect_failures = [
    var.workdir,
    var.agentapi_allowed_hosts,
    var.app_slug,
  ]
}

run "refused_6" {
  command = plan

  variables {
    workdir = "/home/\u0000coder" # with NUL
  }

  expect_failures = [
    var.workdir,
  ]
}

# --- Accepted ---

run "accepted_1" {
  command = plan

  variables {
    workdir              = "/"                                                                             # the root
    ai_prompt            = "Fix `id` $(touch pwned) \"double\" 'single' $${HOME} %s \\ ! 日本語\nsecond line" # with shell code
    agentapi_port        = 1                                                                               # lowest numbers
    order                = -1
    app_slug             = "a"
    web_app_display_name = join("", [for i in range(64) : "a"]) # longest names
    cli_app_display_name = join("", [for i in range(21) : "語"])
    group                = join("", [for i in range(64) : "a"])
    amp_version          = "latest" # version latest
    agentapi_version     = "latest"
    subdomain            = false
    agentapi_sha256      = join("", [for i in range(64) : "A"]) # checksum in upper case
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "accepted_2" {
  command = plan

  variables {
    workdir          = "~"   # the home
    agentapi_port    = 65535 # highest numbers
    order            = 1000
    app_slug         = join("", [for i in range(32) : "a"])
    amp_version      = "0.0.1790142911-g7618fb" # version exact
    agentapi_version = "v1.0.0-rc.1"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "accepted_3" {
  command = plan

  variables {
    workdir          = "~/my project" # below the home
    subdomain        = false          # false with the first AgentAPI that can
    agentapi_version = "v0.3.3"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "accepted_4" {
  command = plan

  variables {
    workdir          = "$HOME" # HOME
    subdomain        = false   # false with a later AgentAPI
    agentapi_version = "v1.0.0"
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "accepted_5" {
  command = plan

  variables {
    workdir          = "$HOME/project" # below HOME
    agentapi_version = "v0.3.2"        # subdomain true with an old AgentAPI
  }

  assert {
    condition     = coder_script.start.run_on_start
    error_message = "The plan has no start script."
  }
}

run "accepted_6" {
  command = plan

  variables {
    workdir = "$${HOME}/日本語 'x'" # below HOME in braces
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
    status_reports         = null
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
