# managed_settings: the rules of base_amp_config hold for it too, and what would keep its own from holding is refused.

variables {
  agent_id = "agent"
  workdir  = "/home/coder/project"
}

run "managed_rules" {
  command = plan

  variables {
    managed_settings      = jsonencode({ "amp.permissions" = [{ tool = "Bash", action = "reject", message = "no" }] })
    managed_settings_sudo = true
    workspace_trust       = false
  }

  assert {
    condition     = length(local.managed_settings_problems) == 0 && length(local.settings_warnings) == 0
    error_message = "Got: ${join("\n", concat(local.managed_settings_problems, local.settings_warnings))}"
  }
}

run "managed_white_space_only" {
  command = plan

  variables {
    managed_settings = " \n"
  }

  assert {
    condition     = local.payload.managed_settings == "" && length(local.managed_settings_problems) == 0
    error_message = "Got: ${join("\n", local.managed_settings_problems)}"
  }
}

run "managed_not_JSON" {
  command = plan

  variables {
    managed_settings = "{"
  }

  assert {
    condition     = local.settings_messages[0] == "managed_settings cannot be used:\n  - it is not valid JSON. Write it with jsonencode({ ... })."
    error_message = "Got: ${join("\n", local.settings_messages)}"
  }

  expect_failures = [coder_script.start]
}

run "managed_a_list" {
  command = plan

  variables {
    managed_settings = "[]"
  }

  assert {
    condition     = join("\n", local.managed_settings_problems) == "it is a list, but must be an object. Write it with jsonencode({ ... })."
    error_message = "Got: ${join("\n", local.managed_settings_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "managed_wrong_rules_and_servers" {
  command = plan

  variables {
    base_amp_config = jsonencode({ "amp.permissions" = [{ tool = "Bash", action = "allow" }] })
    managed_settings = jsonencode({
      "amp.permissions" = [{ tool = "Bash", action = "reject" }, { tool = "Bash", match = { cmd = "ls" }, action = "permit" }]
      "amp.mcpServers"  = { files = {} }
      "permissions"     = []
    })
  }

  assert {
    condition = join("\n", local.managed_settings_problems) == join("\n", [
      "amp.permissions[1] has the key \"match\", which Amp does not know: did you mean \"matches\"? A rule may have \"tool\", \"matches\", \"action\", \"context\", \"to\", \"message\".",
      "amp.permissions[1].action is \"permit\", but must be \"allow\", \"reject\", \"ask\" or \"delegate\".",
      "server \"files\" has neither \"command\" (a program that Amp starts) nor \"url\" (a server that it calls).",
      "the key \"permissions\" does not begin with \"amp.\", so Amp would pass over it.",
    ])
    error_message = "Got: ${join("\n", local.managed_settings_problems)}"
  }

  assert {
    condition     = length(local.base_amp_config_problems) == 0
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  # The other key is one letter away from none of Amp's, but for its beginning.
  expect_failures = [coder_script.start, check.settings]
}

run "managed_rules_against_dangerously_allow_all" {
  command = plan

  variables {
    managed_settings      = jsonencode({ "amp.permissions" = [{ tool = "Bash", action = "reject" }] })
    dangerously_allow_all = true
  }

  assert {
    condition     = join("\n", local.managed_settings_problems) == "it has amp.permissions, but the variable dangerously_allow_all is true, and then no rule counts. Remove one of them."
    error_message = "Got: ${join("\n", local.managed_settings_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "managed_names_that_are_almost_right" {
  command = plan

  variables {
    managed_settings = jsonencode({ "amp.permission" = [], "amp.permissions" = [{ tool = "bash", action = "reject" }] })
  }

  assert {
    condition = join("\n", local.settings_warnings) == join("\n", [
      "managed_settings: Amp knows no setting \"amp.permission\" and passes over it. Did you mean \"amp.permissions\"?",
      "managed_settings: amp.permissions[0].tool is \"bash\". Amp's own tool is \"Bash\": correct the rule, unless a plugin has a tool of that name.",
    ])
    error_message = "Got: ${join("\n", local.settings_warnings)}"
  }

  expect_failures = [check.settings]
}

run "sudo_without_managed_settings" {
  command = plan

  variables {
    managed_settings_sudo = true
  }

  expect_failures = [var.managed_settings_sudo]
}
