# transport = "runner": what the workspace gets, and each variable that cannot work with it.

variables {
  agent_id  = "agent"
  workdir   = "/home/coder/project"
  transport = "runner"
}

run "a_runner_has_no_agentapi" {
  command = plan

  variables {
    cli_app = true
  }

  assert {
    condition     = !local.payload.enable_agentapi && local.payload.transport == "runner" && local.payload.status_app == "amp-cli" && length(local.runner_problems) == 0
    error_message = "Got: ${jsonencode(local.payload)}"
  }

  assert {
    condition     = length(coder_app.web) == 0 && output.task_app_id == "" && strcontains(coder_app.cli[0].command, "exec amp-module logs start -f")
    error_message = "Got: ${coder_app.cli[0].command}"
  }
}

run "what_a_runner_does_not_mind" {
  command = plan

  variables {
    enable_agentapi    = false
    instruction_prompt = "Be brief."
    enable_boundary    = true
    status_reports     = "off"
  }

  assert {
    condition     = length(local.runner_problems) == 0
    error_message = "Got: ${local.runner_message}"
  }
}

run "runner_beside_agentapi" {
  command = plan

  variables {
    enable_agentapi = true
  }

  expect_failures = [var.transport]
}

run "runner_in_a_task" {
  command = plan

  variables {
    task = { enabled = true, id = "5f0d3b8e-0000-0000-0000-000000000000", prompt = "" }
  }

  expect_failures = [var.transport]
}

run "runner_with_ai_prompt" {
  command = plan

  variables {
    ai_prompt = "Mend the build."
  }

  expect_failures = [coder_script.start]

  assert {
    condition     = length(local.runner_problems) == 1 && startswith(local.runner_message, "ai_prompt is given, but transport is \"runner\"") && strcontains(local.runner_message, "instruction_prompt")
    error_message = "Got: ${local.runner_message}"
  }
}

run "runner_with_mode" {
  command = plan

  variables {
    mode = "high"
  }

  expect_failures = [coder_script.start]

  assert {
    condition     = length(local.runner_problems) == 1 && strcontains(local.runner_message, "Remove mode.")
    error_message = "Got: ${local.runner_message}"
  }
}

run "runner_without_continue" {
  command = plan

  variables {
    continue = false
  }

  expect_failures = [coder_script.start]

  assert {
    condition     = length(local.runner_problems) == 1 && strcontains(local.runner_message, "Remove continue;")
    error_message = "Got: ${local.runner_message}"
  }
}

run "runner_with_thread_id" {
  command = plan

  variables {
    thread_id = "T-0199c0de-1234-7abc-8def-0123456789ab"
  }

  expect_failures = [coder_script.start]

  assert {
    condition     = length(local.runner_problems) == 1 && strcontains(local.runner_message, "Remove thread_id,")
    error_message = "Got: ${local.runner_message}"
  }
}

run "runner_with_thread_visibility" {
  command = plan

  variables {
    thread_visibility = "private"
  }

  expect_failures = [coder_script.start]

  assert {
    condition     = length(local.runner_problems) == 1 && strcontains(local.runner_message, "Remove thread_visibility;")
    error_message = "Got: ${local.runner_message}"
  }
}

run "runner_with_thread_labels" {
  command = plan

  variables {
    thread_labels = ["ci"]
  }

  expect_failures = [coder_script.start]

  assert {
    condition     = length(local.runner_problems) == 1 && strcontains(local.runner_message, "Remove thread_labels;")
    error_message = "Got: ${local.runner_message}"
  }
}

run "runner_with_reports_by_the_model" {
  command = plan

  variables {
    status_reports = "coder-mcp"
  }

  expect_failures = [coder_script.start]

  assert {
    condition     = length(local.runner_problems) == 1 && strcontains(local.runner_message, "Remove status_reports:")
    error_message = "Got: ${local.runner_message}"
  }
}
