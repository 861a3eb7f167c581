# Amp's settings: what is wrong in base_amp_config, each as a sentence, in the way that checks.tf tells.

locals {
  # JSON text: a string with more than white space in it, and the type that the first character tells.
  name_pattern = "^\".*[^\"[:space:]].*\"$"
  json_types   = { "{" = "an object", "[" = "a list", "\"" = "a string", "t" = "a boolean", "f" = "a boolean", "n" = "null" }

  # --- Amp settings: base_amp_config and managed_settings ---

  # White space only, as an empty heredoc leaves it, counts as not given.
  base_amp_config  = trimspace(var.base_amp_config) == "" ? "" : var.base_amp_config
  managed_settings = trimspace(var.managed_settings) == "" ? "" : var.managed_settings
  settings_texts   = { base_amp_config = local.base_amp_config, managed_settings = local.managed_settings }

  settings_text_types = { for variable, text in local.settings_texts : variable => try(lookup(local.json_types, substr(jsonencode(jsondecode(text)), 0, 1), "a number"), "not JSON") }
  given_settings      = { for variable, text in local.settings_texts : variable => try(merge(jsondecode(text)), {}) }
  setting_types = { for variable, settings in local.given_settings : variable => {
    for key, value in settings : key => lookup(local.json_types, substr(jsonencode(value), 0, 1), "a number")
  } }

  # Of what the module itself reads; a key that is not there has the right type.
  settings_problems = {
    for variable, text in local.settings_texts : variable => concat(
      compact([
        text == "" || local.settings_text_types[variable] == "an object" ? "" :
        local.settings_text_types[variable] == "not JSON" ? "it is not valid JSON. Write it with jsonencode({ ... })." :
        "it is ${local.settings_text_types[variable]}, but must be an object. Write it with jsonencode({ ... }).",

        lookup(local.setting_types[variable], "amp.dangerouslyAllowAll", "a boolean") == "a boolean" ? "" :
        "amp.dangerouslyAllowAll is ${local.setting_types[variable]["amp.dangerouslyAllowAll"]}, but must be true or false.",

        var.dangerously_allow_all && try(local.given_settings[variable]["amp.dangerouslyAllowAll"] == false, false) ?
        "amp.dangerouslyAllowAll is false, but the variable dangerously_allow_all is true. Remove one of them." : "",

        lookup(local.setting_types[variable], "amp.permissions", "a list") == "a list" ? "" :
        "amp.permissions is ${local.setting_types[variable]["amp.permissions"]}, but must be a list of rules.",

        lookup(local.setting_types[variable], "amp.mcpServers", "an object") == "an object" ? "" :
        "amp.mcpServers is ${local.setting_types[variable]["amp.mcpServers"]}, but must be an object from server name to server.",
      ]),
      local.permission_problems[variable],
      local.server_problems[variable],
    )
  }

  base_amp_config_problems = local.settings_problems["base_amp_config"]
  managed_settings_problems = concat(local.settings_problems["managed_settings"],
    # Amp says nothing of a key without it, and passes over the setting.
    [for key in keys(local.given_settings["managed_settings"]) : "the key ${jsonencode(key)} does not begin with \"amp.\", so Amp would pass over it." if !startswith(key, "amp.")],

    var.dangerously_allow_all && !contains(keys(local.given_settings["managed_settings"]), "amp.dangerouslyAllowAll") && contains(keys(local.given_settings["managed_settings"]), "amp.permissions") ?
    ["it has amp.permissions, but the variable dangerously_allow_all is true, and then no rule counts. Remove one of them."] : [],
  )

  settings_messages = [
    for variable, problems in { base_amp_config = local.base_amp_config_problems, managed_settings = local.managed_settings_problems } :
    nonsensitive(join("\n", concat(["${variable} cannot be used:"], formatlist("  - %s", problems)))) if nonsensitive(length(problems) > 0)
  ]

  # --- Amp settings: the rules in amp.permissions ---

  # Each value as JSON text, so that every shape of rule gives the same type here.
  permission_rules = { for variable, settings in local.given_settings : variable => [
    for rule in try(concat(settings["amp.permissions"]), []) : {
      for key in ["tool", "action", "context", "to", "message", "matches", ""] :
      key => key == "" ? jsonencode(rule) : try(jsonencode(rule[key]), "missing")
    }
  ] }

  # What a message may show of them: words and small numbers, else the type. What got into the wrong place may be secret.
  shown_rules = { for variable, rules in local.permission_rules : variable => [
    for rule in rules : {
      for key, text in rule : key => can(regex("^(missing|null|true|false|[0-9]{1,4}|\\[?\"[A-Za-z ]{0,12}\"\\]?)$", text)) ? text : lookup(local.json_types, substr(text, 0, 1), "a number")
    }
  ] }

  permission_rule_keys = { for variable, settings in local.given_settings : variable => [
    for rule in try(concat(settings["amp.permissions"]), []) : try(keys(rule), [])
  ] }

  # Amp passes over a key that it does not know, and a rule without its condition takes in every call of the tool.
  unknown_rule_keys = { for key in distinct(flatten(values(local.given_names.rule_keys))) : key => "has the key ${jsonencode(key)}, which Amp does not know${
    # One edit apart, or the beginning of the right one, as "match" is.
    join("", [for known in slice(concat(
      local.near_names.rule_keys[key],
      [for known in local.amp_names.rule_keys : known if length(key) > 2 && startswith(known, lower(key))],
      ["none"],
    ), 0, 1) : known == "none" ? "." : ": did you mean ${jsonencode(known)}?"])
  } A rule may have ${join(", ", formatlist("\"%s\"", local.amp_names.rule_keys))}." if !contains(local.amp_names.rule_keys, key) }

  permission_problems = { for variable, rules in local.permission_rules : variable => flatten([
    for index, rule in rules : formatlist("amp.permissions[${index}]%s", !startswith(rule[""], "{") ?
      [" must be an object with \"tool\" and \"action\"."] :
      concat([for key in local.permission_rule_keys[variable][index] : " ${local.unknown_rule_keys[key]}" if contains(keys(local.unknown_rule_keys), key)], compact([
        can(regex(local.name_pattern, rule.tool)) ? "" :
        ".tool is ${local.shown_rules[variable][index].tool}, but must be the name of a tool, such as \"Bash\" or \"mcp__*\".",

        contains(["\"allow\"", "\"reject\"", "\"ask\"", "\"delegate\""], rule.action) ? "" :
        ".action is ${local.shown_rules[variable][index].action}, but must be \"allow\", \"reject\", \"ask\" or \"delegate\".",

        contains(["missing", "\"thread\"", "\"subagent\""], rule.context) ? "" :
        ".context is ${local.shown_rules[variable][index].context}, but must be \"thread\" or \"subagent\", or left out for both.",

        rule.action != "\"delegate\"" || can(regex(local.name_pattern, rule.to)) ? "" :
        ".to is ${local.shown_rules[variable][index].to}, but with the action \"delegate\" must be the program that decides.",

        rule.action == "\"delegate\"" || rule.to == "missing" ? "" :
        ".to is allowed only with the action \"delegate\", and the action is ${local.shown_rules[variable][index].action}.",

        rule.message == "missing" || rule.action == "\"reject\"" ? "" :
        ".message is allowed only with the action \"reject\", and the action is ${local.shown_rules[variable][index].action}.",

        rule.message == "missing" || startswith(rule.message, "\"") ? "" :
        ".message must be a string.",

        rule.matches == "missing" || startswith(rule.matches, "{") ? "" :
        ".matches must be an object from the tool's argument to what it must match.",
    ])))
  ]) }

  # --- Amp settings: names that are almost right ---

  # Nothing is known to be wrong, since plugins bring tools and a newer Amp brings settings: the plan continues, and the
  # workspace's install.log repeats it.
  settings_warnings = [for warning in nonsensitive(flatten([
    for variable, names in local.given_names.settings : concat(
      [for name in names :
        "${variable}: Amp knows no setting ${jsonencode(name)} and passes over it. Did you mean ${jsonencode(local.near_names.settings[name][0])}?"
        if length(try(local.near_names.settings[name], [])) > 0
      ],
      [for index, name in local.given_names.tools[variable] :
        "${variable}: amp.permissions[${index}].tool is ${jsonencode(name)}. Amp's own tool is ${jsonencode(local.near_names.tools[name][0])}: correct the rule, unless a plugin has a tool of that name."
        if length(try(local.near_names.tools[name], [])) > 0
      ],
    )
  ])) : nonsensitive(warning)]
}

# --- Warnings ---

check "settings" {
  assert {
    condition     = length(local.settings_warnings) == 0
    error_message = join("\n", local.settings_warnings)
  }
}
