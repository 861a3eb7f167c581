# Amp's settings: what is wrong in base_amp_config, each as a sentence, in the way that checks.tf tells.

locals {
  # JSON text: a string with more than white space in it, and the type that the first character tells.
  name_pattern = "^\".*[^\"[:space:]].*\"$"
  json_types   = { "{" = "an object", "[" = "a list", "\"" = "a string", "t" = "a boolean", "f" = "a boolean", "n" = "null" }

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
  base_amp_config_message = nonsensitive(join("\n", flatten([
    for problems in [local.base_amp_config_problems] : concat(["base_amp_config cannot be used:"], formatlist("  - %s", problems)) if length(problems) > 0
  ])))

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

  # Nothing is known to be wrong, since plugins bring tools and a newer Amp brings settings: the plan continues, and the
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
}

# --- Warnings ---

check "base_amp_config" {
  assert {
    condition     = length(local.base_amp_config_warnings) == 0
    error_message = join("\n", local.base_amp_config_warnings)
  }
}
