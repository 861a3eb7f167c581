# MCP servers: what is wrong in mcp, and in the servers of base_amp_config and managed_settings, in the way that checks.tf tells.

locals {
  # --- Amp settings: mcp ---

  # The deprecated name if only that is given; white space only counts as not given.
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
  mcp_message = nonsensitive(join("\n", flatten([
    for problems in [local.mcp_problems] : concat(["${local.mcp_source} cannot be used:"], formatlist("  - %s", problems)) if length(problems) > 0
  ])))

  # --- Amp settings: MCP servers, from every variable ---

  mcp_servers = {
    base_amp_config  = try(merge(local.given_settings["base_amp_config"]["amp.mcpServers"]), {})
    managed_settings = try(merge(local.given_settings["managed_settings"]["amp.mcpServers"]), {})
    mcp              = try(merge(jsondecode(local.mcp)), {})
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
}
