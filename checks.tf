# Rules whose failure must not print the value, or that are too long to stay next to the variable: a
# failed validation quotes the variable, even a sensitive one, and a setting may hold a secret too.
# Each section collects sentences; coder_script.start has one precondition for each section, which
# fails the plan where there are any.
#
# JSON comes in any shape, and both sides of && and || are always evaluated: `try` gives a value for
# every shape, and a value's JSON text tells its type by its first character.
#
# A caller's value may be marked sensitive, and Terraform hides every message made from it. These
# messages hold names, types and rules but no secret, so they are nonsensitive().

locals {
  # JSON text: a string with more than white space in it, and the type that the first character tells.
  name_pattern = "^\".*[^\"[:space:]].*\"$"
  json_types   = { "{" = "an object", "[" = "a list", "\"" = "a string", "t" = "a boolean", "f" = "a boolean", "n" = "null" }

  # --- Amp account ---

  # Only these facts about the keys, and no key, are let out of what Terraform hides.
  amp_api_key_problems = concat(
    [for name, key in { amp_api_key = var.amp_api_key, sourcegraph_amp_api_key = var.sourcegraph_amp_api_key } :
      "${name} contains white space, a line break or a character outside ASCII, which no Amp API key has. Where it is read from a file, use trimspace(file(\"...\"))."
      if nonsensitive(!can(regex("^[!-~]*$", key)))
    ],
    nonsensitive(contains(["", var.amp_api_key], var.sourcegraph_amp_api_key) || var.amp_api_key == "") ? [] :
    ["sourcegraph_amp_api_key and amp_api_key, its new name, are both set and differ. Remove sourcegraph_amp_api_key."],
  )
  amp_api_key_message = join("\n", local.amp_api_key_problems)

  # --- Addresses ---

  urls = merge({
    amp_url               = var.amp_url
    amp_installer_url     = var.amp_installer_url
    npm_registry_url      = var.npm_registry_url
    agentapi_download_url = var.agentapi_download_url
    }, {
    for index, url in var.mcp_config_remote_path : "mcp_config_remote_path[${index}]" => try(coalesce(url), "")
  })
  optional_urls = ["amp_url", "npm_registry_url"]

  # All before an @ may be a password, wherever it stands in an address that is none, and all behind a ? a token.
  shown_urls = { for name, url in local.urls : name => replace(replace(url, "/^([A-Za-z][A-Za-z0-9+.-]*://)?(?s:.*)@/", "$${1}***@"), "/[?#](?s:.*)$/", "?***") }

  problems_of_urls = {
    for name, url in local.urls : name => contains(local.optional_urls, name) && url == "" ? [] : compact([
      can(regex("^https?://[^/?#@[:space:][:cntrl:]]", replace(url, "/${local.userinfo_pattern}/", "://"))) ? "" :
      "${name} is ${issensitive(url) ? "a sensitive value" : jsonencode(local.shown_urls[name])}: it must begin with http:// or https:// and a host name.",

      can(regex("[[:space:][:cntrl:]]", url)) ? "${name} contains white space or a control character." : "",

      can(regex(local.userinfo_pattern, url)) ?
      "${name} carries a user name or password. Scripts may be logged, so no credentials may be in it: let the server admit the workspace's network instead." : "",
    ])
  }
  userinfo_pattern = "://[^/?#]*@"
  url_problems     = flatten(values(local.problems_of_urls))
  url_message      = nonsensitive(join("\n", local.url_problems))

  # --- Amp settings: base_amp_config ---

  # White space only, as an empty heredoc leaves it, counts as not given.
  base_amp_config      = trimspace(var.base_amp_config) == "" ? "" : var.base_amp_config
  base_amp_config_type = try(lookup(local.json_types, substr(jsonencode(jsondecode(local.base_amp_config)), 0, 1), "a number"), "not JSON")
  base_settings        = try(merge(jsondecode(local.base_amp_config)), {})
  base_setting_types   = { for key, value in local.base_settings : key => lookup(local.json_types, substr(jsonencode(value), 0, 1), "a number") }

  # What the module itself reads; a key that is not there has the right type.
  allow_all_type   = lookup(local.base_setting_types, "amp.dangerouslyAllowAll", "a boolean")
  permissions_type = lookup(local.base_setting_types, "amp.permissions", "a list")
  servers_type     = lookup(local.base_setting_types, "amp.mcpServers", "an object")

  base_amp_config_problems = concat(
    compact([
      local.base_amp_config == "" || local.base_amp_config_type == "an object" ? "" :
      local.base_amp_config_type == "not JSON" ? "it is not valid JSON. Write it with jsonencode({ ... })." :
      "it is ${local.base_amp_config_type}, but must be an object. Write it with jsonencode({ ... }).",

      local.allow_all_type == "a boolean" ? "" :
      "amp.dangerouslyAllowAll is ${local.allow_all_type}, but must be true or false.",

      var.dangerously_allow_all && try(local.base_settings["amp.dangerouslyAllowAll"] == false, false) ?
      "amp.dangerouslyAllowAll is false, but the variable dangerously_allow_all is true. Remove one of them." : "",

      local.permissions_type == "a list" ? "" :
      "amp.permissions is ${local.permissions_type}, but must be a list of rules.",

      local.servers_type == "an object" ? "" :
      "amp.mcpServers is ${local.servers_type}, but must be an object from server name to server.",
    ]),
    local.permission_problems,
    local.server_problems["base_amp_config"],
  )
  base_amp_config_message = nonsensitive("base_amp_config cannot be used:\n${join("\n", formatlist("  - %s", local.base_amp_config_problems))}")

  # --- Amp settings: the rules in amp.permissions ---

  # Each value as JSON text, so that every shape of rule gives the same type here.
  permission_rules = [
    for rule in try(concat(local.base_settings["amp.permissions"]), []) : {
      for key in ["tool", "action", "context", "to", "message", "matches", ""] :
      key => key == "" ? jsonencode(rule) : try(jsonencode(rule[key]), "missing")
    }
  ]

  # What a message may show of them: words and small numbers, else the type. What got into the wrong place may be secret.
  shown_rules = [
    for rule in local.permission_rules : {
      for key, text in rule : key => can(regex("^(missing|null|true|false|[0-9]{1,4}|\\[?\"[A-Za-z ]{0,12}\"\\]?)$", text)) ? text : lookup(local.json_types, substr(text, 0, 1), "a number")
    }
  ]

  permission_rule_keys = [for rule in try(concat(local.base_settings["amp.permissions"]), []) : try(keys(rule), [])]

  # Amp passes over a key that it does not know, and a rule without its condition takes in every call of the tool.
  unknown_rule_keys = { for key in local.given_names.rule_keys : key => "has the key ${jsonencode(key)}, which Amp does not know${
    # One edit apart, or the beginning of the right one, as "match" is.
    join("", [for known in slice(concat(
      local.near_names.rule_keys[key],
      [for known in local.amp_names.rule_keys : known if length(key) > 2 && startswith(known, lower(key))],
      ["none"],
    ), 0, 1) : known == "none" ? "." : ": did you mean ${jsonencode(known)}?"])
  } A rule may have ${join(", ", formatlist("\"%s\"", local.amp_names.rule_keys))}." if !contains(local.amp_names.rule_keys, key) }

  permission_problems = flatten([
    for index, rule in local.permission_rules : formatlist("amp.permissions[${index}]%s", !startswith(rule[""], "{") ?
      [" must be an object with \"tool\" and \"action\"."] :
      concat([for key in local.permission_rule_keys[index] : " ${local.unknown_rule_keys[key]}" if contains(keys(local.unknown_rule_keys), key)], compact([
        can(regex(local.name_pattern, rule.tool)) ? "" :
        ".tool is ${local.shown_rules[index].tool}, but must be the name of a tool, such as \"Bash\" or \"mcp__*\".",

        contains(["\"allow\"", "\"reject\"", "\"ask\"", "\"delegate\""], rule.action) ? "" :
        ".action is ${local.shown_rules[index].action}, but must be \"allow\", \"reject\", \"ask\" or \"delegate\".",

        contains(["missing", "\"thread\"", "\"subagent\""], rule.context) ? "" :
        ".context is ${local.shown_rules[index].context}, but must be \"thread\" or \"subagent\", or left out for both.",

        rule.action != "\"delegate\"" || can(regex(local.name_pattern, rule.to)) ? "" :
        ".to is ${local.shown_rules[index].to}, but with the action \"delegate\" must be the program that decides.",

        rule.action == "\"delegate\"" || rule.to == "missing" ? "" :
        ".to is allowed only with the action \"delegate\", and the action is ${local.shown_rules[index].action}.",

        rule.message == "missing" || rule.action == "\"reject\"" ? "" :
        ".message is allowed only with the action \"reject\", and the action is ${local.shown_rules[index].action}.",

        rule.message == "missing" || startswith(rule.message, "\"") ? "" :
        ".message must be a string.",

        rule.matches == "missing" || startswith(rule.matches, "{") ? "" :
        ".matches must be an object from the tool's argument to what it must match.",
    ])))
  ])

  # --- Amp settings: names that are almost right ---

  # Nothing is known to be wrong, since plugins bring tools and a newer Amp brings settings: the plan goes on, and the
  # workspace's install.log repeats it.
  base_amp_config_warnings = nonsensitive(concat(
    [for name, near in local.near_names.settings :
      "base_amp_config: Amp knows no setting ${jsonencode(name)} and passes over it. Did you mean ${jsonencode(near[0])}?"
      if length(near) > 0
    ],
    [for index, name in local.given_names.tools :
      "base_amp_config: amp.permissions[${index}].tool is ${jsonencode(name)}. Amp's own tool is ${jsonencode(local.near_names.tools[name][0])}: correct the rule, unless a plugin has a tool of that name."
      if length(try(local.near_names.tools[name], [])) > 0
    ],
  ))

  # --- Amp settings: mcp ---

  # The deprecated name where only that is given; white space only counts as not given.
  mcp_inputs = { for name, text in { mcp = var.mcp, additional_mcp_servers = var.additional_mcp_servers } : name => try(trimspace(text), "") == "" ? "" : text }
  mcp_source = nonsensitive(local.mcp_inputs.mcp == "" && local.mcp_inputs.additional_mcp_servers != "") ? "additional_mcp_servers" : "mcp"
  mcp_given  = local.mcp_inputs[local.mcp_source]
  mcp_type   = try(lookup(local.json_types, substr(jsonencode(jsondecode(local.mcp_given)), 0, 1), "a number"), "not JSON")

  # Other agents' files have the servers below one of these names, and are often pasted whole.
  mcp_wrappers = [
    for name in ["mcpServers", "amp.mcpServers"] : name
    if try(startswith(jsonencode(jsondecode(local.mcp_given)[name]), "{"), false) &&
    !can(tostring(jsondecode(local.mcp_given)[name].command)) && !can(tostring(jsondecode(local.mcp_given)[name].url))
  ]
  mcp_beside_wrapper = length(local.mcp_wrappers) == 0 ? [] : [
    for name in try(keys(jsondecode(local.mcp_given)), []) : name if name != local.mcp_wrappers[0]
  ]

  # The servers themselves.
  mcp = local.mcp_given == "" ? null : length(local.mcp_wrappers) == 0 ? local.mcp_given : jsonencode(jsondecode(local.mcp_given)[local.mcp_wrappers[0]])

  mcp_problems = concat(
    compact([
      local.mcp_given == "" || local.mcp_type == "an object" ? "" :
      local.mcp_type == "not JSON" ? "it is not valid JSON. Write it with jsonencode({ ... })." :
      "it is ${local.mcp_type}, but must be an object from server name to server. Write it with jsonencode({ ... }).",

      contains(["", local.mcp_given], local.mcp_inputs.additional_mcp_servers) ? "" :
      "it differs from additional_mcp_servers, its deprecated name. Remove additional_mcp_servers.",

      length(local.mcp_beside_wrapper) == 0 ? "" :
      "beside ${jsonencode(local.mcp_wrappers[0])} it has ${join(", ", formatlist("\"%s\"", local.mcp_beside_wrapper))}. Put every server into one place, and nothing else.",
    ]),
    local.server_problems["mcp"],
  )
  mcp_message = nonsensitive("${local.mcp_source} cannot be used:\n${join("\n", formatlist("  - %s", local.mcp_problems))}")

  # --- Amp settings: MCP servers, from either variable ---

  mcp_servers = {
    base_amp_config = try(merge(local.base_settings["amp.mcpServers"]), {})
    mcp             = try(merge(jsondecode(local.mcp)), {})
  }

  # As above. Values stay out of every sentence: env and headers are where secrets are.
  server_facts = {
    for variable, servers in local.mcp_servers : variable => {
      for name, server in servers : name => {
        is_object   = startswith(jsonencode(server), "{")
        is_wrapper  = contains(["mcpServers", "amp.mcpServers"], name)
        command     = try(jsonencode(server.command), "missing")
        url         = try(jsonencode(server.url), "missing")
        address     = try(tostring(server.url), "")
        types       = compact([for key in ["type", "transport"] : try(jsonencode(server[key]), "")])
        args        = try(jsonencode(server.args), "missing")
        env         = try(jsonencode(server.env), "missing")
        headers     = try(jsonencode(server.headers), "missing")
        bad_args    = [for index, arg in try(concat(server.args), []) : tostring(index) if !startswith(jsonencode(arg), "\"")]
        bad_env     = [for key, value in try(merge(server.env), {}) : key if !startswith(jsonencode(value), "\"")]
        bad_headers = [for key, value in try(merge(server.headers), {}) : key if !startswith(jsonencode(value), "\"")]
      }
    }
  }

  # Amp itself reads neither "type" nor more of "transport" than "http"; the names are those of other agents' files.
  url_server_types   = ["\"http\"", "\"sse\"", "\"streamable-http\"", "\"streamableHttp\""]
  server_url_pattern = "^((?i:https?)://[^/?#[:space:]]|\\$\\{)[^[:space:][:cntrl:]]*$"

  server_problems = {
    for variable, servers in local.server_facts : variable => flatten([
      for name, server in servers : formatlist("server ${jsonencode(name)} %s",
        !server.is_object ? ["must be an object with \"command\" or \"url\"."] :
        server.is_wrapper && server.command == "missing" && server.url == "missing" ? ["is not a server. Give the servers themselves, without this level around them."] :
        compact([
          server.command == "missing" && server.url == "missing" ? "has neither \"command\" (a program that Amp starts) nor \"url\" (a server that it calls)." : "",
          server.command != "missing" && server.url != "missing" ? "has both \"command\" and \"url\", of which a server has one." : "",
          server.command == "missing" || can(regex(local.name_pattern, server.command)) ? "" : "must have the name or path of a program, a string, as \"command\".",
          server.url == "missing" || can(regex(local.name_pattern, server.url)) ? "" : "must have an address, a string, as \"url\".",
          !can(regex(local.name_pattern, server.url)) || can(regex(local.server_url_pattern, server.address)) ? "" : "must have an address that begins with http:// or https://, or with a variable of the environment such as $${MCP_URL}, as \"url\".",
          (server.command == "missing") == (server.url == "missing") || alltrue([for type in server.types : contains(server.command != "missing" ? ["\"stdio\""] : local.url_server_types, type)]) ? "" :
          "must have ${server.command != "missing" ? "\"stdio\"" : "\"http\", \"sse\" or \"streamable-http\""} as \"type\" or \"transport\", or neither: Amp tells a program from an address by \"command\" and \"url\".",
          server.args == "missing" || startswith(server.args, "[") ? "" : "must have a list of strings as \"args\".",
          server.env == "missing" || startswith(server.env, "{") ? "" : "must have an object of strings as \"env\".",
          server.headers == "missing" || startswith(server.headers, "{") ? "" : "must have an object of strings as \"headers\".",
          length(server.bad_args) == 0 ? "" : "must have only strings in \"args\", and these are none: [${join("], [", server.bad_args)}].",
          length(server.bad_env) == 0 ? "" : "must have only strings in \"env\", and these are none: ${join(", ", server.bad_env)}.",
          length(server.bad_headers) == 0 ? "" : "must have only strings in \"headers\", and these are none: ${join(", ", server.bad_headers)}.",
        ]),
      )
    ])
  }

  # --- Texts ---

  # Free text, which may be long and hold anything; null counts as empty.
  ai_prompt_source = var.ai_prompt == "" && local.task_prompt != "" ? "the Task's prompt" : "ai_prompt"
  texts = { for name, text in {
    (local.ai_prompt_source) = local.ai_prompt
    instruction_prompt       = var.instruction_prompt
    base_amp_config          = var.base_amp_config
    (local.mcp_source)       = local.mcp_given
    pre_install_script       = var.pre_install_script
    post_install_script      = var.post_install_script
    boundary_config          = var.boundary_config
  } : name => text == null ? "" : text }

  text_problems = concat(
    [for name, text in local.texts : "${name} contains a NUL character (U+0000), which neither a program's arguments nor a terminal can carry." if strcontains(text, "\u0000")],
    [for prompt in [local.task_prompt] : "The Task's prompt is only white space, which Amp cannot be sent. Write what Amp is to do." if var.ai_prompt == "" && prompt != "" && trimspace(prompt) == ""],
    # A short value may be in a text by chance; a real key is not.
    [for name, text in local.texts : "${name} contains the value of amp_api_key, which would be written into a script. Leave it out: in the workspace it is the environment variable AMP_API_KEY." if nonsensitive(length(local.amp_api_key) >= 16 && strcontains(text, local.amp_api_key))],
  )
  text_message = nonsensitive(join("\n", local.text_problems))

  # --- Size of the start script ---

  # The agent hands a script to its shell as one argument, and Linux limits one argument to 131,072
  # bytes (MAX_ARG_STRLEN) with the NUL that ends it.
  script_bytes_max = 131071

  # The script as it will be, with digits in the place of an agent's ID that is not known yet. They are
  # more than an ID has, so this is never less than the real size.
  measured_script = templatefile("${path.module}/scripts/bootstrap.sh.tftpl", merge(local.bootstrap, {
    payload = base64gzip(jsonencode(merge(local.payload, { agent_id = var.subdomain ? "" : substr(sha256("agent_id"), 0, 44) })))
  }))

  # length() counts characters; four of base64, without its padding, stand for three bytes.
  start_script_bytes = floor(length(trim(base64encode(local.measured_script), "=")) * 3 / 4)
  text_bytes         = { for name, text in local.texts : name => floor(length(trim(base64encode(text), "=")) * 3 / 4) }
  largest_text       = [for name, bytes in local.text_bytes : name if bytes == max(values(local.text_bytes)...)][0]

  script_size_message = nonsensitive(join("\n", [
    "The start script has ${local.start_script_bytes} bytes, but the Coder agent runs it as one argument, which on Linux has at most ${local.script_bytes_max}.",
    "The largest input is ${local.largest_text} with ${local.text_bytes[local.largest_text]} bytes. Shorten it, or put the text into a file of the image or repository and refer to that.",
    "All inputs: ${join(", ", [for name, bytes in local.text_bytes : "${name} ${bytes}"])}.",
  ]))
}

# --- Warnings ---

check "base_amp_config" {
  assert {
    condition     = length(local.base_amp_config_warnings) == 0
    error_message = join("\n", local.base_amp_config_warnings)
  }
}
