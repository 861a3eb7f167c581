# Rules whose failure must not print the value, or that are too long to stay next to the variable: a
# failed validation quotes the variable, even a sensitive one, and a setting may hold a secret too.
# Each section collects sentences, here and in the other checks-*.tf; a precondition of
# coder_script.start fails the plan with all of them.
#
# JSON comes in any shape, and both sides of && and || are always evaluated: `try` gives a value for
# every shape, and a value's JSON text tells its type by its first character.
#
# A caller's value may be marked sensitive, and Terraform hides every message made from it. These
# messages hold names, types and rules but no secret, so they are nonsensitive().

locals {
  refusals = compact(concat(
    [local.amp_api_key_message, local.url_message], local.settings_messages, [local.mcp_message, local.text_message, local.runner_message],
  ))

  # --- Amp account ---

  # Only these facts about the keys, and no key, are let out of what Terraform hides.
  amp_api_key_problems = concat(
    [for name, key in { amp_api_key = var.amp_api_key, sourcegraph_amp_api_key = var.sourcegraph_amp_api_key } :
      "${name} contains white space, a line break or a character outside ASCII, which no Amp API key has. If it is read from a file, use trimspace(file(\"...\"))."
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

  # --- Texts ---

  # Free text, which may be long and hold anything; null counts as empty.
  ai_prompt_source = var.ai_prompt == "" && local.task_prompt != "" ? "the Task's prompt" : "ai_prompt"
  texts = { for name, text in {
    (local.ai_prompt_source) = local.ai_prompt
    instruction_prompt       = var.instruction_prompt
    base_amp_config          = var.base_amp_config
    managed_settings         = var.managed_settings
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
  # more than an ID has, so this is never less than the real size. Rendered again only if there is an ID in it.
  measured_payloads = [
    for payload in [local.payload] : jsonencode(merge(payload, { agent_id = substr(sha256("agent_id"), 0, 44) })) if !var.subdomain
  ]
  measured_script = var.subdomain ? local.start_script : join("", [
    for payload in local.measured_payloads : replace(templatefile("${path.module}/scripts/bootstrap.sh.tftpl", merge(local.bootstrap, {
      files = merge(local.unpacked_files, { "config.json" = { mode = 600, text = payload } })
    })), local.shell_layout, "")
  ])

  # The script is plain ASCII, whatever is in it: a character is a byte.
  start_script_bytes = length(local.measured_script)
  # length() counts characters; four of base64, without its padding, stand for three bytes.
  text_bytes   = { for name, text in local.texts : name => floor(length(trim(base64encode(text), "=")) * 3 / 4) }
  largest_text = [for name, bytes in local.text_bytes : name if bytes == max(values(local.text_bytes)...)][0]

  script_size_message = nonsensitive(join("\n", [
    "The start script has ${local.start_script_bytes} bytes, but the Coder agent runs it as one argument, which on Linux has at most ${local.script_bytes_max}.",
    "The largest input is ${local.largest_text} with ${local.text_bytes[local.largest_text]} bytes. Shorten it, or put the text into a file of the image or repository and refer to that.",
    "All inputs: ${join(", ", [for name, bytes in local.text_bytes : "${name} ${bytes}"])}.",
  ]))
}
