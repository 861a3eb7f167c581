# The names of the older module: each still works, and is refused where it contradicts the new one.

variables {
  agent_id = "agent"
}

run "old_names_work" {
  command = plan

  variables {
    folder                  = "/old"
    sourcegraph_amp_api_key = "old-key"
    install_sourcegraph_amp = false
    sourcegraph_amp_version = "1.2.3"
  }

  assert {
    condition     = local.payload.workdir == "/old" && !local.payload.install_amp && local.payload.amp_version == "1.2.3"
    error_message = "The payload does not have what the old names gave: ${jsonencode(local.payload)}"
  }

  assert {
    condition     = nonsensitive(coder_env.amp_api_key[0].value == "old-key")
    error_message = "AMP_API_KEY is not what sourcegraph_amp_api_key gave."
  }
}

run "old_and_new_names_that_agree" {
  command = plan

  variables {
    workdir                 = "/same"
    folder                  = "/same"
    amp_api_key             = "same-key"
    sourcegraph_amp_api_key = "same-key"
    install_amp             = false
    install_sourcegraph_amp = false
    amp_version             = "1.2.3"
    sourcegraph_amp_version = "1.2.3"
  }

  assert {
    condition     = local.payload.workdir == "/same" && !local.payload.install_amp && local.payload.amp_version == "1.2.3"
    error_message = "The payload does not have what both names gave: ${jsonencode(local.payload)}"
  }
}

run "neither_name_of_install_amp" {
  command = plan

  variables {
    workdir = "/new"
  }

  assert {
    condition     = local.payload.install_amp
    error_message = "Amp is not installed by default."
  }
}

run "folder_relative" {
  command = plan

  variables {
    folder = "project"
  }

  expect_failures = [var.folder]
}

run "folder_against_workdir" {
  command = plan

  variables {
    workdir = "/new"
    folder  = "/old"
  }

  expect_failures = [var.workdir]
}

run "install_sourcegraph_amp_against_install_amp" {
  command = plan

  variables {
    workdir                 = "/new"
    install_amp             = true
    install_sourcegraph_amp = false
  }

  expect_failures = [var.install_sourcegraph_amp]
}

run "install_amp_against_install_sourcegraph_amp" {
  command = plan

  variables {
    workdir                 = "/new"
    install_amp             = false
    install_sourcegraph_amp = true
  }

  expect_failures = [var.install_sourcegraph_amp]
}

run "sourcegraph_amp_version_with_shell_code" {
  command = plan

  variables {
    workdir                 = "/new"
    sourcegraph_amp_version = "$(id)"
  }

  expect_failures = [var.sourcegraph_amp_version]
}

run "sourcegraph_amp_version_against_amp_version" {
  command = plan

  variables {
    workdir                 = "/new"
    amp_version             = "2.0.0"
    sourcegraph_amp_version = "1.2.3"
  }

  expect_failures = [var.sourcegraph_amp_version]
}

run "sourcegraph_amp_api_key_against_amp_api_key" {
  command = plan

  variables {
    workdir                 = "/new"
    amp_api_key             = "new-key"
    sourcegraph_amp_api_key = "old-key"
  }

  assert {
    condition     = local.amp_api_key_message == "sourcegraph_amp_api_key and amp_api_key, its new name, are both set and differ. Remove sourcegraph_amp_api_key."
    error_message = "Got: ${local.amp_api_key_message}"
  }

  expect_failures = [coder_script.start]
}

run "additional_mcp_servers_works_with_a_warning" {
  command = plan

  variables {
    workdir                = "/new"
    additional_mcp_servers = jsonencode({ files = { command = "npx", type = "stdio" } })
  }

  assert {
    condition     = local.payload.mcp == var.additional_mcp_servers && join("\n", local.payload.warnings) == "additional_mcp_servers is deprecated: rename it to mcp."
    error_message = "Got: ${jsonencode(local.payload)}"
  }

  expect_failures = [check.deprecated_names]
}

run "additional_mcp_servers_broken" {
  command = plan

  variables {
    workdir                = "/new"
    mcp                    = "  "
    additional_mcp_servers = "{"
  }

  assert {
    condition     = local.mcp_message == "additional_mcp_servers cannot be used:\n  - it is not valid JSON. Write it with jsonencode({ ... })."
    error_message = "Got: ${local.mcp_message}"
  }

  expect_failures = [coder_script.start, check.deprecated_names]
}

run "additional_mcp_servers_against_mcp" {
  command = plan

  variables {
    workdir                = "/new"
    mcp                    = jsonencode({ a = { command = "npx" } })
    additional_mcp_servers = jsonencode({ b = { command = "npx" } })
  }

  assert {
    condition     = local.mcp_message == "mcp cannot be used:\n  - it differs from additional_mcp_servers, its deprecated name. Remove additional_mcp_servers."
    error_message = "Got: ${local.mcp_message}"
  }

  expect_failures = [coder_script.start, check.deprecated_names]
}

run "report_tasks_off_is_status_reports_off" {
  command = plan

  variables {
    workdir      = "/new"
    report_tasks = false
  }

  assert {
    condition     = local.payload.status_reports == "off"
    error_message = "report_tasks = false reports by ${local.payload.status_reports}."
  }
}

run "report_tasks_on_is_the_default" {
  command = plan

  variables {
    workdir      = "/new"
    report_tasks = true
  }

  assert {
    condition     = local.payload.status_reports == "plugin"
    error_message = "report_tasks = true reports by ${local.payload.status_reports}."
  }
}

run "report_tasks_against_status_reports_off" {
  command = plan

  variables {
    workdir        = "/new"
    report_tasks   = true
    status_reports = "off"
  }

  expect_failures = [var.report_tasks]
}

run "report_tasks_off_against_status_reports" {
  command = plan

  variables {
    workdir        = "/new"
    report_tasks   = false
    status_reports = "coder-mcp"
  }

  expect_failures = [var.report_tasks]
}
