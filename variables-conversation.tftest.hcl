# The conversation: its thread, Tasks, and Amp without AgentAPI or inside a boundary.

variables {
  agent_id = "agent"
  workdir  = "/home/coder/project"
}

# --- What is wrong fails the plan ---

run "refused_1" {
  command = plan

  variables {
    amp_update_check_hours = -1              # negative
    thread_id              = "0199c0de-1234" # is no thread
    transport              = "stream"        # nothing to talk to
    enable_agentapi        = false
    thread_visibility      = "everybody"          # unknown
    thread_labels          = ["good", "not good"] # thread label with a blank
    boundary_config        = "allow: []"          # without boundary
  }

  expect_failures = [
    var.amp_update_check_hours,
    var.thread_id,
    var.transport,
    var.thread_visibility,
    var.thread_labels,
    var.boundary_config,
  ]
}

run "refused_2" {
  command = plan

  variables {
    thread_id     = "T-1; rm -rf ~"                               # with a shell in it
    thread_labels = [for number in range(21) : "label-${number}"] # too many
  }

  expect_failures = [
    var.thread_id,
    var.thread_labels,
  ]
}

run "refused_3" {
  command = plan

  variables {
    thread_id = "https://ampcode.com/threads/T-0199c0de$(id)" # with more letters behind it
  }

  expect_failures = [
    var.thread_id,
  ]
}

run "task_without_an_id" {
  command = plan

  variables {
    task = { enabled = true, id = "", prompt = "Count the files" }
  }

  expect_failures = [var.task]
}

run "task_without_agentapi" {
  command = plan

  variables {
    task            = { enabled = true, id = "7d0f3a52-2c7b-4d3c-9a53-0b6b5d0a9f11", prompt = "Count the files" }
    enable_agentapi = false
  }

  expect_failures = [var.enable_agentapi]
}

run "task_with_a_prompt_of_white_space_only" {
  command = plan

  variables {
    task = { enabled = true, id = "7d0f3a52-2c7b-4d3c-9a53-0b6b5d0a9f11", prompt = " \n" }
  }

  assert {
    condition     = local.text_message == "The Task's prompt is only white space, which Amp cannot be sent. Write what Amp is to do."
    error_message = "Got: ${local.text_message}"
  }

  expect_failures = [coder_script.start]
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

# --- Tasks ---

run "task_brings_its_prompt_and_its_app" {
  command = apply

  variables {
    task    = { enabled = true, id = "7d0f3a52-2c7b-4d3c-9a53-0b6b5d0a9f11", prompt = "Count the files" }
    web_app = false
  }

  assert {
    condition     = local.payload.task_id == var.task.id && local.payload.ai_prompt == "Count the files"
    error_message = "Got: ${jsonencode(local.payload)}"
  }

  assert {
    condition     = length(coder_app.web) == 1 && output.task_app_id == coder_app.web[0].id
    error_message = "A Task has no chat app, or task_app_id is not its ID: ${output.task_app_id}"
  }
}

run "ai_prompt_wins_over_the_task" {
  command = plan

  variables {
    task      = { enabled = true, id = "7d0f3a52-2c7b-4d3c-9a53-0b6b5d0a9f11", prompt = "Count the files" }
    ai_prompt = "Say hello"
  }

  assert {
    condition     = local.payload.ai_prompt == "Say hello"
    error_message = "Got: ${local.payload.ai_prompt}"
  }
}

# As data.coder_task.me is in a plain workspace: with an ID of no Task.
run "task_of_a_plain_workspace" {
  command = apply

  variables {
    task            = { enabled = false, id = "7d0f3a52-2c7b-4d3c-9a53-0b6b5d0a9f11", prompt = "" }
    enable_agentapi = false
  }

  assert {
    condition     = local.payload.task_id == "" && local.payload.ai_prompt == "" && length(coder_app.web) == 0 && output.task_app_id == ""
    error_message = "A plain workspace is taken for a Task: ${jsonencode(local.payload)}"
  }
}

run "task_of_nulls" {
  command = plan

  variables {
    task = { enabled = null, id = null, prompt = null }
  }

  assert {
    condition     = local.payload.task_id == "" && local.payload.ai_prompt == ""
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

run "in_the_stream_transport_the_terminal_app_is_the_chat" {
  command = apply

  variables {
    transport = "stream"
    cli_app   = true
  }

  assert {
    condition     = endswith(coder_app.cli[0].command, "\nexec amp-module chat\n") && startswith(coder_app.cli[0].command, "#!/bin/sh\n")
    error_message = "Got: ${coder_app.cli[0].command}"
  }
}

# --- Status ---

run "status_reports_unknown" {
  command = plan

  variables {
    status_reports = "mcp"
  }

  expect_failures = [var.status_reports]
}

run "a_status_is_beside_the_chat_app" {
  command = plan

  variables {
    cli_app = true
  }

  assert {
    condition     = local.payload.status_reports == "plugin" && local.payload.status_app == "amp"
    error_message = "Got ${local.payload.status_reports} beside ${local.payload.status_app}."
  }
}

run "a_status_is_beside_the_terminal_app_if_there_is_no_other" {
  command = plan

  variables {
    app_slug = "two"
    web_app  = false
    cli_app  = true
  }

  assert {
    condition     = local.payload.status_app == "two-cli"
    error_message = "Got ${local.payload.status_app}."
  }
}

run "without_an_app_there_is_no_status" {
  command = plan

  variables {
    web_app = false
  }

  assert {
    condition     = local.payload.status_app == ""
    error_message = "Got ${local.payload.status_app}."
  }
}
