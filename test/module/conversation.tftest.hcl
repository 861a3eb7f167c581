# The conversation: its thread, Tasks, and Amp without AgentAPI or inside a boundary.

variables {
  agent_id = "agent"
  workdir  = "/home/coder/project"
}

# --- What is wrong fails the plan ---

run "amp_update_check_hours_negative" {
  command = plan

  variables {
    amp_update_check_hours = -1
  }

  expect_failures = [var.amp_update_check_hours]
}

run "thread_id_is_no_thread" {
  command = plan

  variables {
    thread_id = "0199c0de-1234"
  }

  expect_failures = [var.thread_id]
}

run "thread_id_with_a_shell_in_it" {
  command = plan

  variables {
    thread_id = "T-1; rm -rf ~"
  }

  expect_failures = [var.thread_id]
}

run "thread_id_with_more_letters_behind_it" {
  command = plan

  variables {
    thread_id = "https://ampcode.com/threads/T-0199c0de$(id)"
  }

  expect_failures = [var.thread_id]
}

run "stream_with_a_terminal_app" {
  command = plan

  variables {
    transport = "stream"
    cli_app   = true
  }

  expect_failures = [var.transport]
}

run "thread_visibility_unknown" {
  command = plan

  variables {
    thread_visibility = "everybody"
  }

  expect_failures = [var.thread_visibility]
}

run "thread_label_with_a_blank" {
  command = plan

  variables {
    thread_labels = ["good", "not good"]
  }

  expect_failures = [var.thread_labels]
}

run "thread_labels_too_many" {
  command = plan

  variables {
    thread_labels = [for number in range(21) : "label-${number}"]
  }

  expect_failures = [var.thread_labels]
}

run "boundary_config_without_boundary" {
  command = plan

  variables {
    boundary_config = "allow: []"
  }

  expect_failures = [var.boundary_config]
}

# --- What is right ---

run "thread_id_as_a_browser_shows_it" {
  command = plan

  variables {
    thread_id = "https://ampcode.com/threads/T-0199c0de-1234-7abc-8def-0123456789ab/?tab=1#end"
  }

  assert {
    condition     = local.payload.thread_id == var.thread_id
    error_message = "The thread is lost: ${jsonencode(local.payload.thread_id)}"
  }
}

run "threads_as_ids_and_addresses" {
  command = plan

  variables {
    thread_id         = "T-0199c0de-1234-7abc-8def-0123456789ab"
    thread_visibility = "private"
    thread_labels     = [for number in range(20) : "label-${number}"]
  }

  assert {
    condition     = local.payload.thread_id == "T-0199c0de-1234-7abc-8def-0123456789ab" && length(local.payload.thread_labels) == 20
    error_message = "Got: ${jsonencode(local.payload)}"
  }
}

run "null_is_the_default" {
  command = plan

  variables {
    mcp_config_remote_path   = null
    amp_update_check_hours   = null
    continue                 = null
    thread_id                = null
    thread_visibility        = null
    thread_labels            = null
    enable_state_persistence = null
    task_log_snapshot        = null
    enable_agentapi          = null
    enable_boundary          = null
    boundary_config          = null
  }

  assert {
    condition     = local.payload.continue && local.payload.enable_state_persistence && local.payload.task_log_snapshot && local.payload.enable_agentapi && !local.payload.enable_boundary && local.payload.amp_update_check_hours == 24
    error_message = "Got: ${jsonencode(local.payload)}"
  }
}

# --- Names to wait for ---

run "scripts_to_wait_for" {
  command = plan

  assert {
    condition     = jsonencode(output.scripts) == jsonencode(["amp-install", "amp-start"])
    error_message = "Got: ${jsonencode(output.scripts)}"
  }
}

run "scripts_to_wait_for_of_another_instance" {
  command = plan

  variables {
    app_slug      = "helper"
    agentapi_port = 4000
  }

  assert {
    condition     = jsonencode(output.scripts) == jsonencode(["helper-install", "helper-start"])
    error_message = "Got: ${jsonencode(output.scripts)}"
  }
}

# --- Without AgentAPI ---

run "without_agentapi_the_terminal_app_runs_amp" {
  command = apply

  variables {
    enable_agentapi = false
    cli_app         = true
  }

  assert {
    condition     = length(coder_app.web) == 0 && output.task_app_id == "" && !local.payload.enable_agentapi
    error_message = "There is a chat app with nothing behind it."
  }

  assert {
    condition     = strcontains(coder_app.cli[0].command, "exec amp-session") && !strcontains(coder_app.cli[0].command, "agentapi attach")
    error_message = "Got: ${coder_app.cli[0].command}"
  }
}
