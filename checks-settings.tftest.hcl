# base_amp_config and mcp: each sentence that a wrong value gets, word for word, and no other.

variables {
  agent_id = "agent"
  workdir  = "/home/coder/project"
}

# --- base_amp_config ---

run "config_not_JSON" {
  command = plan

  variables {
    base_amp_config = "{\"amp.permissions\": ["
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == "it is not valid JSON. Write it with jsonencode({ ... })."
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "config_a_list" {
  command = plan

  variables {
    base_amp_config = "[]"
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == "it is a list, but must be an object. Write it with jsonencode({ ... })."
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "config_null" {
  command = plan

  variables {
    base_amp_config = "null"
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == "it is null, but must be an object. Write it with jsonencode({ ... })."
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "config_a_number" {
  command = plan

  variables {
    base_amp_config = "7"
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == "it is a number, but must be an object. Write it with jsonencode({ ... })."
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "both_empty" {
  command = plan

  variables {
    base_amp_config = ""
    mcp             = ""
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == ""
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  assert {
    condition     = join("\n", local.mcp_problems) == ""
    error_message = "Got: ${join("\n", local.mcp_problems)}"
  }
}

run "config_white_space_only" {
  command = plan

  variables {
    base_amp_config = " \n"
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == ""
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }
}

run "both_empty_objects" {
  command = plan

  variables {
    base_amp_config = "{}"
    mcp             = "{}"
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == ""
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  assert {
    condition     = join("\n", local.mcp_problems) == ""
    error_message = "Got: ${join("\n", local.mcp_problems)}"
  }
}

run "config_settings_of_wrong_types" {
  command = plan

  variables {
    base_amp_config = jsonencode({ "amp.dangerouslyAllowAll" = "yes", "amp.permissions" = {}, "amp.mcpServers" = [] })
  }

  assert {
    condition = join("\n", local.base_amp_config_problems) == join("\n", [
      "amp.dangerouslyAllowAll is a string, but must be true or false.",
      "amp.permissions is an object, but must be a list of rules.",
      "amp.mcpServers is a list, but must be an object from server name to server.",
    ])
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "config_settings_null" {
  command = plan

  variables {
    base_amp_config = jsonencode({ "amp.dangerouslyAllowAll" = null, "amp.permissions" = null, "amp.mcpServers" = null })
  }

  assert {
    condition = join("\n", local.base_amp_config_problems) == join("\n", [
      "amp.dangerouslyAllowAll is null, but must be true or false.",
      "amp.permissions is null, but must be a list of rules.",
      "amp.mcpServers is null, but must be an object from server name to server.",
    ])
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "config_against_dangerously_allow_all" {
  command = plan

  variables {
    base_amp_config       = jsonencode({ "amp.dangerouslyAllowAll" = false })
    dangerously_allow_all = true
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == "amp.dangerouslyAllowAll is false, but the variable dangerously_allow_all is true. Remove one of them."
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "config_with_dangerously_allow_all" {
  command = plan

  variables {
    base_amp_config       = jsonencode({ "amp.dangerouslyAllowAll" = true })
    dangerously_allow_all = true
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == ""
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }
}

run "unknown_keys_and_every_type_of_server" {
  command = plan

  variables {
    base_amp_config = jsonencode({ "amp.new.setting" = [1, "a", { b = null }], "theme" = "dark" })
    mcp = jsonencode({
      a = { command = "npx", type = "stdio" }
      b = { url = "HTTPS://mcp.example.com", type = "http" }
      c = { url = "http://127.0.0.1:8080/sse?a=b#c", type = "sse", transport = "sse" }
      d = { url = "http://$${MCP_HOST}/mcp", type = "streamable-http" }
      e = { url = "$${MCP_URL}/mcp", type = "streamableHttp" }
    })
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == ""
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  assert {
    condition     = length(local.mcp_problems) == 0
    error_message = "Got: ${join("\n", local.mcp_problems)}"
  }
}

# --- base_amp_config: amp.permissions ---

run "permissions_each_rule_broken" {
  command = plan

  variables {
    base_amp_config = jsonencode({ "amp.permissions" = [
      { action = "allow" },
      { tool = " ", action = "allow" },
      { tool = 7, action = "allow" },
      { tool = "Bash" },
      { tool = "Bash", action = "permit" },
      { tool = "Bash", action = ["allow"] },
      { tool = "Bash", action = "allow", context = "main" },
      { tool = "Bash", action = "allow", context = null },
      { tool = "Bash", action = "delegate" },
      { tool = "Bash", action = "delegate", to = "" },
      { tool = "Bash", action = "ask", to = "decide" },
      { tool = "Bash", action = "allow", message = "no" },
      { tool = "Bash", action = "reject", message = 7 },
      { tool = "Bash", action = "allow", matches = ["ls"] },
      "Bash",
      null,
      [],
    ] })
  }

  assert {
    condition = join("\n", local.base_amp_config_problems) == join("\n", [
      "amp.permissions[0].tool is missing, but must be the name of a tool, such as \"Bash\" or \"mcp__*\".",
      "amp.permissions[1].tool is \" \", but must be the name of a tool, such as \"Bash\" or \"mcp__*\".",
      "amp.permissions[2].tool is 7, but must be the name of a tool, such as \"Bash\" or \"mcp__*\".",
      "amp.permissions[3].action is missing, but must be \"allow\", \"reject\", \"ask\" or \"delegate\".",
      "amp.permissions[4].action is \"permit\", but must be \"allow\", \"reject\", \"ask\" or \"delegate\".",
      "amp.permissions[5].action is [\"allow\"], but must be \"allow\", \"reject\", \"ask\" or \"delegate\".",
      "amp.permissions[6].context is \"main\", but must be \"thread\" or \"subagent\", or left out for both.",
      "amp.permissions[7].context is null, but must be \"thread\" or \"subagent\", or left out for both.",
      "amp.permissions[8].to is missing, but with the action \"delegate\" must be the program that decides.",
      "amp.permissions[9].to is \"\", but with the action \"delegate\" must be the program that decides.",
      "amp.permissions[10].to is allowed only with the action \"delegate\", and the action is \"ask\".",
      "amp.permissions[11].message is allowed only with the action \"reject\", and the action is \"allow\".",
      "amp.permissions[12].message must be a string.",
      "amp.permissions[13].matches must be an object from the tool's argument to what it must match.",
      "amp.permissions[14] must be an object with \"tool\" and \"action\".",
      "amp.permissions[15] must be an object with \"tool\" and \"action\".",
      "amp.permissions[16] must be an object with \"tool\" and \"action\".",
    ])
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "every_rule_and_every_server_allowed" {
  command = plan

  variables {
    base_amp_config = jsonencode({ "amp.permissions" = [
      { tool = "mcp__coder__*", action = "allow" },
      { tool = "Bash", action = "allow", context = "thread" },
      { tool = "Bash", matches = { cmd = ["rm -rf /*", "rm -rf ~/*"], timeout = 5, background = null }, action = "reject", context = "subagent" },
      { tool = "Bash", action = "reject", message = "Ask \"me\" first." },
      { tool = "Bash", action = "delegate", to = "my-decider" },
      { tool = "*", action = "ask" },
    ] })
    mcp = jsonencode({
      files = { command = "npx", args = ["-y", "server"], env = { TOKEN = "$${TOKEN}" } }
      bare  = { command = "/usr/local/bin/server" }
      docs  = { url = "https://mcp.example.com/sse", headers = { Authorization = "Bearer $${TOKEN}" } }
      other = { url = "$${MCP_URL}", includeTools = ["a"], disabled = false }
    })
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == ""
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  assert {
    condition     = join("\n", local.mcp_problems) == ""
    error_message = "Got: ${join("\n", local.mcp_problems)}"
  }
}

run "permissions_empty" {
  command = plan

  variables {
    base_amp_config = jsonencode({ "amp.permissions" = [] })
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == ""
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }
}

run "permissions_message_names_the_variable" {
  command = plan

  variables {
    base_amp_config = jsonencode({ "amp.permissions" = [{ tool = "Bash", action = "permit" }] })
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == "amp.permissions[0].action is \"permit\", but must be \"allow\", \"reject\", \"ask\" or \"delegate\"."
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  assert {
    condition     = startswith(local.settings_messages[0], "base_amp_config cannot be used:\n  - amp.permissions[0].action is \"permit\"")
    error_message = "Got: ${local.settings_messages[0]}"
  }

  expect_failures = [coder_script.start]
}

run "permissions_with_unknown_keys" {
  command = plan

  variables {
    base_amp_config = jsonencode({ "amp.permissions" = [
      { tool = "Bash", action = "allow", match = { cmd = "ls" } },
      { tool = "Bash", action = "allow", Matches = { cmd = "ls" } },
      { tool = "Bash", action = "allow", arguments = { cmd = "ls" }, mesage = "no" },
      { Tool = "Bash", actions = "allow" },
    ] })
  }

  assert {
    condition = join("\n", local.base_amp_config_problems) == join("\n", [
      "amp.permissions[0] has the key \"match\", which Amp does not know: did you mean \"matches\"? A rule may have \"tool\", \"matches\", \"action\", \"context\", \"to\", \"message\".",
      "amp.permissions[1] has the key \"Matches\", which Amp does not know: did you mean \"matches\"? A rule may have \"tool\", \"matches\", \"action\", \"context\", \"to\", \"message\".",
      "amp.permissions[2] has the key \"arguments\", which Amp does not know. A rule may have \"tool\", \"matches\", \"action\", \"context\", \"to\", \"message\".",
      "amp.permissions[2] has the key \"mesage\", which Amp does not know: did you mean \"message\"? A rule may have \"tool\", \"matches\", \"action\", \"context\", \"to\", \"message\".",
      "amp.permissions[3] has the key \"Tool\", which Amp does not know: did you mean \"tool\"? A rule may have \"tool\", \"matches\", \"action\", \"context\", \"to\", \"message\".",
      "amp.permissions[3] has the key \"actions\", which Amp does not know: did you mean \"action\"? A rule may have \"tool\", \"matches\", \"action\", \"context\", \"to\", \"message\".",
      "amp.permissions[3].tool is missing, but must be the name of a tool, such as \"Bash\" or \"mcp__*\".",
      "amp.permissions[3].action is missing, but must be \"allow\", \"reject\", \"ask\" or \"delegate\".",
    ])
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  expect_failures = [coder_script.start]
}

# --- base_amp_config: names that are almost right ---

run "config_with_near_misses" {
  command = plan

  variables {
    base_amp_config = jsonencode({
      "amp.permission"          = []
      "amp.mcpserver"           = {}
      "amp.dangerouslyAllowall" = true
      "amp.terminal.animatoin"  = false
      "permissions"             = []
      "amp.permissions" = [
        { tool = "bash", action = "ask" },
        { tool = "Bsh", action = "ask" },
        { tool = "read", action = "ask" },
        { tool = "shell_comand", action = "ask" },
        { tool = "web-search", action = "ask" },
      ]
    })
  }

  assert {
    condition = join("\n", local.payload.warnings) == join("\n", [
      "base_amp_config: Amp knows no setting \"amp.dangerouslyAllowall\" and passes over it. Did you mean \"amp.dangerouslyAllowAll\"?",
      "base_amp_config: Amp knows no setting \"amp.mcpserver\" and passes over it. Did you mean \"amp.mcpServers\"?",
      "base_amp_config: Amp knows no setting \"amp.permission\" and passes over it. Did you mean \"amp.permissions\"?",
      "base_amp_config: Amp knows no setting \"amp.terminal.animatoin\" and passes over it. Did you mean \"amp.terminal.animation\"?",
      "base_amp_config: Amp knows no setting \"permissions\" and passes over it. Did you mean \"amp.permissions\"?",
      "base_amp_config: amp.permissions[0].tool is \"bash\". Amp's own tool is \"Bash\": correct the rule, unless a plugin has a tool of that name.",
      "base_amp_config: amp.permissions[1].tool is \"Bsh\". Amp's own tool is \"Bash\": correct the rule, unless a plugin has a tool of that name.",
      "base_amp_config: amp.permissions[2].tool is \"read\". Amp's own tool is \"Read\": correct the rule, unless a plugin has a tool of that name.",
      "base_amp_config: amp.permissions[3].tool is \"shell_comand\". Amp's own tool is \"shell_command\": correct the rule, unless a plugin has a tool of that name.",
      "base_amp_config: amp.permissions[4].tool is \"web-search\". Amp's own tool is \"web_search\": correct the rule, unless a plugin has a tool of that name.",
    ])
    error_message = "Got: ${join("\n", local.payload.warnings)}"
  }

  expect_failures = [check.settings]
}

run "config_with_names_that_are_near_to_nothing" {
  command = plan

  variables {
    base_amp_config = jsonencode({
      "amp.todos.enabled"           = true
      "amp.tools.stopTimeout"       = 600
      "editor.fontSize"             = 12
      "amp.terminal.animation"      = true
      "amp.internal.something.else" = 1
      "amp.permissions" = [
        { tool = "mcp__web__*", action = "ask" },
        { tool = "mcp__rea", action = "ask" },
        { tool = "*ash", action = "ask" },
        { tool = "{read,Bsh}", action = "ask" },
        { tool = "write_file", action = "ask" },
        { tool = "head", action = "ask" },
        { tool = "Glob", action = "ask" },
        { tool = "glob", action = "ask" },
      ]
    })
  }

  assert {
    condition     = length(local.payload.warnings) == 0
    error_message = "Got: ${join("\n", local.payload.warnings)}"
  }
}

run "config_warnings_from_a_sensitive_value" {
  command = plan

  variables {
    base_amp_config        = sensitive(jsonencode({ "amp.permission" = [] }))
    additional_mcp_servers = sensitive(jsonencode({ mcpServers = { files = { command = "npx" } } }))
  }

  assert {
    condition     = strcontains(local.settings_warnings[0], "Did you mean \"amp.permissions\"?")
    error_message = "Got: ${join("\n", local.settings_warnings)}"
  }

  expect_failures = [check.settings, check.deprecated_names]
}

# --- mcp, and the servers in base_amp_config ---

run "mcp_not_JSON" {
  command = plan

  variables {
    mcp = "{"
  }

  assert {
    condition     = join("\n", local.mcp_problems) == "it is not valid JSON. Write it with jsonencode({ ... })."
    error_message = "Got: ${join("\n", local.mcp_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "mcp_a_string" {
  command = plan

  variables {
    mcp = "\"x\""
  }

  assert {
    condition     = join("\n", local.mcp_problems) == "it is a string, but must be an object from server name to server. Write it with jsonencode({ ... })."
    error_message = "Got: ${join("\n", local.mcp_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "mcp_below_mcpServers" {
  command = plan

  variables {
    mcp = jsonencode({ mcpServers = { files = { type = "stdio", command = "npx" }, command = { command = "true" } } })
  }

  assert {
    condition     = length(local.mcp_problems) == 0 && local.payload.mcp == jsonencode({ command = { command = "true" }, files = { command = "npx", type = "stdio" } })
    error_message = "Got: ${join("\n", local.mcp_problems)} and ${local.payload.mcp}"
  }
}

run "mcp_below_amp_mcpServers" {
  command = plan

  variables {
    mcp = jsonencode({ "amp.mcpServers" = { files = { command = "npx" } } })
  }

  assert {
    condition     = length(local.mcp_problems) == 0 && local.payload.mcp == jsonencode({ files = { command = "npx" } })
    error_message = "Got: ${join("\n", local.mcp_problems)} and ${local.payload.mcp}"
  }
}

run "mcp_with_a_server_named_mcpServers" {
  command = plan

  variables {
    mcp = jsonencode({ mcpServers = { command = "npx" } })
  }

  assert {
    condition     = length(local.mcp_problems) == 0 && local.payload.mcp == jsonencode({ mcpServers = { command = "npx" } })
    error_message = "Got: ${join("\n", local.mcp_problems)} and ${local.payload.mcp}"
  }
}

run "mcp_in_two_places" {
  command = plan

  variables {
    mcp = jsonencode({ mcpServers = { files = { command = "npx" } }, docs = { url = "https://mcp.example.com" } })
  }

  assert {
    condition     = join("\n", local.mcp_problems) == "beside \"mcpServers\" it has \"docs\". Put every server into one place, and nothing else."
    error_message = "Got: ${join("\n", local.mcp_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "mcp_with_a_level_too_many" {
  command = plan

  variables {
    mcp             = jsonencode({ mcpServers = { mcpServers = { files = { command = "npx" } } } })
    base_amp_config = jsonencode({ "amp.mcpServers" = { mcpServers = { files = { command = "npx" } } } })
  }

  assert {
    condition = join("\n", concat(local.mcp_problems, local.base_amp_config_problems)) == join("\n", [
      "server \"mcpServers\" is not a server. Give the servers themselves, without this level around them.",
      "server \"mcpServers\" is not a server. Give the servers themselves, without this level around them.",
    ])
    error_message = "Got: ${join("\n", concat(local.mcp_problems, local.base_amp_config_problems))}"
  }

  expect_failures = [coder_script.start]
}

run "mcp_of_impossible_shape" {
  command = plan

  variables {
    mcp = jsonencode({
      a_scheme    = { url = "ftp://mcp.example.com" }
      b_no_url    = { url = "mcp.example.com" }
      c_no_host   = { url = "https:///mcp" }
      d_blank     = { url = "https://mcp.example.com/a b" }
      e_type      = { url = "https://mcp.example.com", type = "websocket" }
      f_type      = { url = "https://mcp.example.com", type = "stdio" }
      g_type      = { command = "npx", type = "http" }
      h_type      = { command = "npx", type = 7 }
      i_transport = { url = "https://mcp.example.com", transport = ["sse"] }
    })
  }

  assert {
    condition = join("\n", local.mcp_problems) == join("\n", concat(
      [for name in ["a_scheme", "b_no_url", "c_no_host", "d_blank"] :
      "server \"${name}\" must have an address that begins with http:// or https://, or with a variable of the environment such as $${MCP_URL}, as \"url\"."],
      [for name in ["e_type", "f_type"] :
      "server \"${name}\" must have \"http\", \"sse\" or \"streamable-http\" as \"type\" or \"transport\", or neither: Amp tells a program from an address by \"command\" and \"url\"."],
      [for name in ["g_type", "h_type"] :
      "server \"${name}\" must have \"stdio\" as \"type\" or \"transport\", or neither: Amp tells a program from an address by \"command\" and \"url\"."],
      [for name in ["i_transport"] :
      "server \"${name}\" must have \"http\", \"sse\" or \"streamable-http\" as \"type\" or \"transport\", or neither: Amp tells a program from an address by \"command\" and \"url\"."],
    ))
    error_message = "Got: ${join("\n", local.mcp_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "mcp_each_server_broken" {
  command = plan

  variables {
    mcp = jsonencode({
      a_neither = {}
      b_both    = { command = "npx", url = "https://mcp.example.com" }
      c_command = { command = "" }
      d_url     = { url = 7 }
      e_args    = { command = "npx", args = "-y" }
      f_args    = { command = "npx", args = ["-y", 1, null] }
      g_env     = { command = "npx", env = ["TOKEN=env-value"] }
      h_env     = { command = "npx", env = { GOOD = "env-value", PORT = 8080, DEBUG = true } }
      i_headers = { url = "https://mcp.example.com", headers = "Authorization: header-value" }
      j_headers = { url = "https://mcp.example.com", headers = { Authorization = ["header-value"] } }
      k_string  = "npx"
    })
  }

  assert {
    condition = join("\n", local.mcp_problems) == join("\n", [
      "server \"a_neither\" has neither \"command\" (a program that Amp starts) nor \"url\" (a server that it calls).",
      "server \"b_both\" has both \"command\" and \"url\", of which a server has one.",
      "server \"c_command\" must have the name or path of a program, a string, as \"command\".",
      "server \"d_url\" must have an address, a string, as \"url\".",
      "server \"e_args\" must have a list of strings as \"args\".",
      "server \"f_args\" must have only strings in \"args\", and these are none: [1], [2].",
      "server \"g_env\" must have an object of strings as \"env\".",
      "server \"h_env\" must have only strings in \"env\", and these are none: DEBUG, PORT.",
      "server \"i_headers\" must have an object of strings as \"headers\".",
      "server \"j_headers\" must have only strings in \"headers\", and these are none: Authorization.",
      "server \"k_string\" must be an object with \"command\" or \"url\".",
    ])
    error_message = "Got: ${join("\n", local.mcp_problems)}"
  }

  assert {
    condition     = !strcontains(local.mcp_message, "env-value") && !strcontains(local.mcp_message, "header-value")
    error_message = "The message shows the value of a variable or a header: ${local.mcp_message}"
  }

  expect_failures = [coder_script.start]
}

run "config_servers_are_checked_the_same" {
  command = plan

  variables {
    base_amp_config = jsonencode({ "amp.mcpServers" = { files = { args = ["-y"] } } })
  }

  assert {
    condition     = join("\n", local.base_amp_config_problems) == "server \"files\" has neither \"command\" (a program that Amp starts) nor \"url\" (a server that it calls)."
    error_message = "Got: ${join("\n", local.base_amp_config_problems)}"
  }

  expect_failures = [coder_script.start]
}
