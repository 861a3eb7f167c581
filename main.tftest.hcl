# What the module creates: scripts, variables of the agent, apps, outputs. What is in the payload: payload.test.ts.

variables {
  agent_id = "agent"
  workdir  = "/home/coder/project"
}

# --- Defaults ---

run "defaults" {
  command = apply

  assert {
    condition     = strcontains(coder_script.start.script, base64gzip(jsonencode(local.payload)))
    error_message = "The payload is not in the start script."
  }

  assert {
    condition     = startswith(coder_script.start.script, "#!/bin/sh\n") && coder_script.start.run_on_start && !coder_script.start.run_on_stop && !coder_script.start.start_blocks_login
    error_message = "The start script must run with sh, on start only, and keep nobody from logging in."
  }

  assert {
    condition     = startswith(coder_script.stop.script, "#!/bin/sh\n") && coder_script.stop.run_on_stop && !coder_script.stop.run_on_start
    error_message = "The stop script must run with sh, on stop only."
  }

  assert {
    condition     = coder_script.start.display_name == "Amp" && coder_script.stop.display_name == "Amp: stop"
    error_message = "The scripts have other names."
  }

  assert {
    condition = jsonencode({ for name, script in coder_script.bundle : name => [script.display_name, script.run_on_start, script.run_on_stop, script.start_blocks_login] }) == jsonencode({
      tools = ["Amp: tools", true, false, false]
    })
    error_message = "The tools must come by a script of their own, at every start, and the stream agent not at all."
  }

  assert {
    condition     = startswith(coder_script.bundle["tools"].script, "#!/bin/sh\n") && strcontains(coder_script.bundle["tools"].script, "/.amp-module/bin\n") && strcontains(coder_script.bundle["tools"].script, file("./scripts/amp-tools.br85"))
    error_message = "The script must run with sh and write the tools below the module directory."
  }

  assert {
    condition     = length(coder_env.amp_api_key) == 0 && length(coder_env.amp_url) == 0
    error_message = "A variable of the agent is set that nobody asked for."
  }

  assert {
    condition     = length(coder_app.web) == 1 && length(coder_app.cli) == 0
    error_message = "By default there is the chat app and no terminal app."
  }

  assert {
    condition     = coder_app.web[0].slug == "amp" && coder_app.web[0].display_name == "Amp" && coder_app.web[0].url == "http://localhost:3284/" && coder_app.web[0].subdomain
    error_message = "The chat app is another one: ${jsonencode(coder_app.web[0])}"
  }

  assert {
    condition     = one(coder_app.web[0].healthcheck).url == "http://localhost:3284/status" && one(coder_app.web[0].healthcheck).interval == 3 && one(coder_app.web[0].healthcheck).threshold == 20
    error_message = "The chat app's health check is another one: ${jsonencode(coder_app.web[0].healthcheck)}"
  }

  assert {
    condition     = output.task_app_id == coder_app.web[0].id && output.task_app_id != ""
    error_message = "task_app_id is not the chat app's ID."
  }

  assert {
    condition     = output.module_dir == "$HOME/.amp-module" && output.agentapi_url == "http://localhost:3284"
    error_message = "Got: ${output.module_dir} ${output.agentapi_url}"
  }
}

# --- Inputs reach the scripts ---

run "scripts_and_texts_reach_the_start_script_packed" {
  command = plan

  variables {
    ai_prompt           = "Fix `id` $(touch pwned) \"double\" 'single' $${HOME} %s \\ ! 日本語\nsecond line"
    install_amp         = false
    amp_installer_url   = "https://mirror.example.com/install.sh"
    pre_install_script  = "#!/bin/bash\necho \"pre $(date)\"\n"
    post_install_script = "#!/bin/bash\necho 'post'\n"
  }

  assert {
    condition     = strcontains(coder_script.start.script, base64gzip(jsonencode(local.payload)))
    error_message = "The payload is not in the start script."
  }

  assert {
    condition     = strcontains(coder_script.start.script, base64gzip("#!/bin/bash\necho \"pre $(date)\"\n")) && strcontains(coder_script.start.script, base64gzip("#!/bin/bash\necho 'post'\n"))
    error_message = "The start script lacks pre_install_script or post_install_script."
  }

  assert {
    condition     = !strcontains(coder_script.start.script, "touch pwned") && !strcontains(coder_script.start.script, "echo \"pre")
    error_message = "Free text is in the start script as it is, where a shell reads it."
  }

  assert {
    condition     = !strcontains(coder_script.start.script, base64encode("https://mirror.example.com/install.sh"))
    error_message = "The bootstrap would run the installer although install_amp is false."
  }
}

run "bootstrap_knows_the_installer" {
  command = plan

  variables {
    amp_installer_url = "https://mirror.example.com/install.sh"
    amp_version       = "1.2.3"
  }

  assert {
    condition     = strcontains(coder_script.start.script, base64encode("https://mirror.example.com/install.sh")) && strcontains(coder_script.start.script, base64encode("1.2.3"))
    error_message = "The bootstrap lacks the installer's address or the version."
  }
}

run "bootstrap_leaves_npm_to_the_module" {
  command = plan

  variables {
    amp_installer_url = "https://mirror.example.com/install.sh"
    install_via_npm   = true
  }

  assert {
    condition     = !strcontains(coder_script.start.script, base64encode("https://mirror.example.com/install.sh"))
    error_message = "The bootstrap would run the installer although npm is asked for."
  }
}

run "empty_user_scripts_are_none" {
  command = plan

  variables {
    pre_install_script  = ""
    post_install_script = ""
  }

  assert {
    condition     = !strcontains(coder_script.start.script, base64gzip(""))
    error_message = "An empty script is written to the workspace."
  }
}

# --- Secrets ---

run "secrets_only_as_variables_of_the_agent" {
  command = plan

  variables {
    amp_api_key = "sgamp_user_0123456789_secret"
    amp_url     = "https://amp.example.com"
  }

  assert {
    condition     = coder_env.amp_api_key[0].name == "AMP_API_KEY" && nonsensitive(coder_env.amp_api_key[0].value == "sgamp_user_0123456789_secret")
    error_message = "AMP_API_KEY is not set from amp_api_key."
  }

  assert {
    condition     = coder_env.amp_url[0].name == "AMP_URL" && coder_env.amp_url[0].value == "https://amp.example.com"
    error_message = "AMP_URL is not set from amp_url."
  }

  # A script made from a sensitive value would itself be sensitive, however it is encoded.
  assert {
    condition     = !issensitive(coder_script.start.script) && !issensitive(coder_script.stop.script) && !issensitive(local.payload)
    error_message = "A script depends on a sensitive value."
  }
}

# --- Apps ---

run "terminal_app_and_looks" {
  command = plan

  variables {
    cli_app              = true
    app_slug             = "helper"
    agentapi_port        = 4000
    web_app_display_name = "Helper"
    cli_app_display_name = "Helper in the terminal"
    order                = 7
    group                = "AI"
    icon                 = "/icon/other.svg"
    subdomain            = false
  }

  assert {
    condition     = coder_app.web[0].slug == "helper" && coder_app.cli[0].slug == "helper-cli"
    error_message = "Got: ${coder_app.web[0].slug} ${coder_app.cli[0].slug}"
  }

  assert {
    condition     = coder_app.web[0].display_name == "Helper" && coder_app.cli[0].display_name == "Helper in the terminal"
    error_message = "Got: ${coder_app.web[0].display_name}, ${coder_app.cli[0].display_name}"
  }

  assert {
    condition     = coder_app.web[0].url == "http://localhost:4000/" && one(coder_app.web[0].healthcheck).url == "http://localhost:4000/status" && !coder_app.web[0].subdomain
    error_message = "Got: ${jsonencode(coder_app.web[0])}"
  }

  assert {
    condition     = alltrue([for app in [coder_app.web[0], coder_app.cli[0]] : app.order == 7 && app.group == "AI" && app.icon == "/icon/other.svg"])
    error_message = "An app lacks order, group or icon."
  }

  assert {
    condition     = coder_app.cli[0].command == "#!/bin/sh\nexport LANG=C.UTF-8 LC_ALL=C.UTF-8\nPATH=\"$HOME/.amp-module-helper/bin:$PATH\"\nexec agentapi attach --url localhost:4000\n"
    error_message = "Got: ${coder_app.cli[0].command}"
  }

  assert {
    condition     = coder_script.bundle["tools"].display_name == "Amp (helper): tools" && strcontains(coder_script.bundle["tools"].script, "/.amp-module-helper/bin\n")
    error_message = "The tools' script has another name or folder."
  }

  assert {
    condition     = coder_script.start.display_name == "Amp (helper)" && coder_script.stop.display_name == "Amp (helper): stop" && coder_script.start.icon == "/icon/other.svg"
    error_message = "The scripts of a second instance cannot be told from those of the first."
  }

  assert {
    condition     = output.module_dir == "$HOME/.amp-module-helper" && output.agentapi_url == "http://localhost:4000"
    error_message = "Got: ${output.module_dir} ${output.agentapi_url}"
  }

  assert {
    condition     = strcontains(coder_script.start.script, "$HOME/.amp-module-helper\n") && strcontains(coder_script.stop.script, "/.amp-module-helper/bin/")
    error_message = "A script uses another module directory."
  }
}

run "stream_agent_has_a_script_of_its_own" {
  command = plan

  variables {
    transport = "stream"
  }

  assert {
    condition     = join(", ", [for script in coder_script.bundle : script.display_name]) == "Amp: stream agent, Amp: tools"
    error_message = "The scripts of bundles are others: ${join(", ", [for script in coder_script.bundle : script.display_name])}."
  }

  assert {
    condition     = strcontains(coder_script.bundle["stream_agent"].script, file("./scripts/amp-acp.br85"))
    error_message = "The stream agent is not in its script."
  }
}

run "no_web_app" {
  command = apply

  variables {
    web_app = false
  }

  assert {
    condition     = length(coder_app.web) == 0 && output.task_app_id == ""
    error_message = "There is a chat app, or an ID of one: ${output.task_app_id}"
  }
}
