# Keys, addresses, texts and the size of the start script: rules whose messages must not show the value.

variables {
  agent_id = "agent"
  workdir  = "/home/coder/project"
}

# --- Amp account ---

run "amp_api_key_with_a_line_break" {
  command = plan

  variables {
    amp_api_key = "sgamp_secret\n"
  }

  assert {
    condition     = startswith(local.amp_api_key_message, "amp_api_key contains white space") && !strcontains(local.amp_api_key_message, "secret")
    error_message = "Got: ${local.amp_api_key_message}"
  }

  expect_failures = [coder_script.start]
}

run "sourcegraph_amp_api_key_with_a_blank" {
  command = plan

  variables {
    sourcegraph_amp_api_key = "sgamp_secret key"
  }

  assert {
    condition     = startswith(local.amp_api_key_message, "sourcegraph_amp_api_key contains white space") && !strcontains(local.amp_api_key_message, "secret")
    error_message = "Got: ${local.amp_api_key_message}"
  }

  expect_failures = [coder_script.start]
}

# --- Addresses ---

run "addresses_wrong" {
  command = plan

  variables {
    amp_url               = "ampcode.com"
    amp_installer_url     = ""
    npm_registry_url      = "file:///srv/npm"
    agentapi_download_url = "https://"
  }

  assert {
    condition = join("\n", local.url_problems) == join("\n", [
      "agentapi_download_url is \"https://\": it must begin with http:// or https:// and a host name.",
      "amp_installer_url is \"\": it must begin with http:// or https:// and a host name.",
      "amp_url is \"ampcode.com\": it must begin with http:// or https:// and a host name.",
      "npm_registry_url is \"file:///srv/npm\": it must begin with http:// or https:// and a host name.",
    ])
    error_message = "Got: ${join("\n", local.url_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "addresses_of_remote_mcp_servers" {
  command = plan

  variables {
    mcp_config_remote_path = ["https://mcp.example.com/team.json", "", "/etc/mcp.json", "https://user:secret@mcp.example.com/x", "https://mcp.example.com/a b"]
  }

  assert {
    condition = join("\n", local.url_problems) == join("\n", [
      "mcp_config_remote_path[1] is \"\": it must begin with http:// or https:// and a host name.",
      "mcp_config_remote_path[2] is \"/etc/mcp.json\": it must begin with http:// or https:// and a host name.",
      "mcp_config_remote_path[3] carries a user name or password. Scripts may be logged, so no credentials may be in it: let the server admit the workspace's network instead.",
      "mcp_config_remote_path[4] contains white space or a control character.",
    ])
    error_message = "Got: ${join("\n", local.url_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "addresses_with_credentials_or_white_space" {
  command = plan

  variables {
    amp_url               = "ftp://user:secret@amp.example.com"
    npm_registry_url      = "https://secret@npm.example.com/"
    agentapi_download_url = "https://mirror.example.com/a b"
  }

  assert {
    condition = join("\n", local.url_problems) == join("\n", [
      "agentapi_download_url contains white space or a control character.",
      "amp_url is \"ftp://***@amp.example.com\": it must begin with http:// or https:// and a host name.",
      "amp_url carries a user name or password. Scripts may be logged, so no credentials may be in it: let the server admit the workspace's network instead.",
      "npm_registry_url carries a user name or password. Scripts may be logged, so no credentials may be in it: let the server admit the workspace's network instead.",
    ])
    error_message = "Got: ${join("\n", local.url_problems)}"
  }

  expect_failures = [coder_script.start]
}

run "addresses_of_mirrors" {
  command = plan

  variables {
    amp_url               = "https://amp.example.com"
    amp_installer_url     = "http://127.0.0.1:8080/install.sh?channel=@stable"
    npm_registry_url      = "https://npm.example.com/@scope/"
    agentapi_download_url = "http://[::1]:8080/agentapi"
  }

  assert {
    condition     = length(local.url_problems) == 0
    error_message = "Got: ${join("\n", local.url_problems)}"
  }
}

# --- Texts ---

run "texts_with_NUL" {
  command = plan

  variables {
    ai_prompt          = "before\u0000after"
    pre_install_script = "secret\u0000"
  }

  assert {
    condition     = length(local.text_problems) == 2 && startswith(local.text_message, "ai_prompt contains a NUL character") && !strcontains(local.text_message, "secret")
    error_message = "Got: ${local.text_message}"
  }

  expect_failures = [coder_script.start]
}

run "a_text_with_the_key" {
  command = plan

  variables {
    amp_api_key        = "sgamp_user_0123456789_secret"
    pre_install_script = "curl -H 'Authorization: Bearer sgamp_user_0123456789_secret' https://ampcode.com"
  }

  assert {
    condition     = startswith(local.text_message, "pre_install_script contains the value of amp_api_key") && !strcontains(local.text_message, "0123456789")
    error_message = "Got: ${local.text_message}"
  }

  expect_failures = [coder_script.start]
}

# --- Size of the start script ---

# Hashes in hexadecimal digits compress to half their size at best.
run "script_too_large" {
  command = plan

  variables {
    ai_prompt          = "日本語"
    instruction_prompt = join("", [for i in range(1000) : join("", [for j in range(4) : sha256("${i} ${j}")])])
    mcp                = jsonencode({ files = { command = "npx" } })
  }

  assert {
    condition     = local.start_script_bytes > 131071 && strcontains(local.script_size_message, "has ${length(local.start_script)} bytes") && strcontains(local.script_size_message, "at most 131071")
    error_message = "Got: ${local.script_size_message}"
  }

  assert {
    condition     = strcontains(local.script_size_message, "The largest input is instruction_prompt with 256000 bytes.")
    error_message = "Got: ${local.script_size_message}"
  }

  assert {
    condition     = strcontains(local.script_size_message, "ai_prompt 9, base_amp_config 0, boundary_config 0, instruction_prompt 256000, managed_settings 0, mcp 27, post_install_script 0, pre_install_script 0.")
    error_message = "Got: ${local.script_size_message}"
  }

  expect_failures = [coder_script.start]
}

run "script_too_large_through_a_user_script" {
  command = plan

  variables {
    post_install_script = join("", [for i in range(1000) : join("", [for j in range(4) : sha256("${i} ${j}")])])
  }

  assert {
    condition     = strcontains(local.script_size_message, "The largest input is post_install_script with 256000 bytes.")
    error_message = "Got: ${local.script_size_message}"
  }

  expect_failures = [coder_script.start]
}

# What hardly any template needs is not made for all: fifty instances pay for it fifty times.
run "nothing_is_made_in_advance" {
  command = plan

  variables {
    base_amp_config = jsonencode({ "amp.permissions" = [{ tool = "Bash", action = "ask" }] })
  }

  assert {
    condition     = length(local.near_spellings) == 0 && length(local.measured_payloads) == 0
    error_message = "Spellings for ${join(", ", keys(local.near_spellings))}, ${length(local.measured_payloads)} further payloads."
  }
}

# What stands in for the agent's ID is never shorter in the script than the ID.
run "size_without_a_subdomain" {
  command = plan

  variables {
    agent_id  = "3b9ac9ff-7d1e-4c52-a8f0-6e2b84d19c57"
    subdomain = false
  }

  assert {
    condition     = local.start_script_bytes >= length(coder_script.start.script) && local.start_script_bytes <= length(coder_script.start.script) + 32
    error_message = "Measured ${local.start_script_bytes} bytes, but the script has ${length(coder_script.start.script)}."
  }
}

run "sixty_kilobytes_of_prompt_fit" {
  command = plan

  variables {
    # As dense as a prompt full of identifiers: every second word a number by chance.
    ai_prompt = substr(join(" ", flatten([
      for a in range(60) : [
        for b in range(90) : [
          element(["when", "the", "module", "starts", "it", "must", "never", "read", "what", "people", "wrote", "as", "code"], parseint(substr(sha256(a * 90 + b), 0, 4), 16)),
          substr(sha256(a * 90 + b), 4, 7),
        ]
      ]
    ])), 0, 61440)
  }

  assert {
    condition     = length(coder_script.start.script) <= 131071
    error_message = "The start script has ${length(local.start_script)} bytes."
  }
}

run "script_without_user_input_is_small" {
  command = plan

  assert {
    condition     = length(coder_script.start.script) <= 88 * 1024
    error_message = "The start script has ${length(local.start_script)} bytes without any input; 90112 are the limit."
  }
}
