# The names that Amp knows, as release 0.0.1790142911 has them, and which of the names that a template gives are almost
# one of them. A name that is near to none is a plugin's or a newer release's, and nothing is said about it.

locals {
  amp_names = {
    # All with "amp." in front; others in the settings file Amp does not read.
    settings = formatlist("amp.%s", [
      "agent.showUsageDebugInfo", "agent.skipTitleGenerationIfMessageContains",
      "anthropic.interleavedThinking.enabled", "anthropic.provider", "anthropic.temperature",
      "anthropic.thinking.enabled", "dangerouslyAllowAll", "defaultVisibility",
      "experimental.cli.commandTelemetry.enabled", "experimental.cli.nativeSecretsStorage.enabled",
      "experimental.modes", "experimental.tools", "fuzzy.alwaysIncludePaths", "gauge", "gemini.thinkingLevel",
      "git.commit.ampThread.enabled", "git.commit.coauthor.enabled", "guardedFiles.allowlist",
      "jetbrains.skipInstall", "keymap", "mcpPermissions", "mcpServers", "mcpTrustedServers", "mcpTrustedWorkspaces",
      "network.timeout", "notifications.enabled", "notifications.system.enabled", "permissions", "proxy",
      "remoteThreadCreation.enabled", "runner.autoUpdate.enabled", "runner.env.enabled", "showCosts",
      "skills.disableClaudeCodeSkills", "skills.disableGlobalAgentsSkills", "skills.path", "submitOnEnter",
      "terminal.animation", "terminal.copyOnSelect", "terminal.detailsExpandedByDefault", "thread.autoArchiveOnQuit",
      "tools.disable", "tools.enable", "updates.mode", "url", "workspaces",
    ])

    # Those of `amp permissions list --builtin`. Amp takes "Bash" for its shell_command too, but only in this spelling.
    tools = [
      "apply_patch", "archive_threads", "ask_user_choice", "async_shell_command", "Bash", "clear_schedule",
      "commit_search", "create_file", "create_github_subscription", "create_project", "create_slack_listener",
      "create_slack_trigger", "create_thread", "delete_file", "delete_github_subscription", "delete_slack_listener",
      "diff", "download_thread_changes", "download_thread_file", "edit_file", "find_shared_plugins_and_skills",
      "find_thread", "finder", "get_current_time", "get_current_user_identity", "get_diagnostics", "get_document",
      "get_github_subscription", "get_schedule", "get_settings", "get_slack_listener", "get_thread_status",
      "get_thread_usage", "get_usage", "github_repo_ci_status", "Glob", "glob", "glob_github", "gmail_read",
      "gmail_write", "google_docs_read", "google_docs_write", "google_drive_download", "google_drive_search",
      "google_sheets_read", "google_sheets_write", "Grep", "illustrator", "librarian", "list_agent_modes",
      "list_amp_bug_reports", "list_directory_github", "list_github_issues", "list_github_subscriptions",
      "list_oauth_clients", "list_repositories", "list_runners", "list_schedules", "list_slack_listeners",
      "list_workspace_members", "load_plugin", "manage_app_deployments", "manage_apps",
      "manage_environment_variables", "manage_external_agents", "manage_git_identity", "manage_remote_mcp_servers",
      "manage_secrets", "model_providers", "oracle", "painter", "portal_control", "portal_observe",
      "public_artifact_url", "Read", "read_github", "read_github_issue", "read_mcp_resource", "read_messages",
      "read_thread", "read_web_page", "reload_mcp", "reload_plugins", "reload_skills", "reply_to_thread_comment",
      "report_amp_bug", "run_check", "search_amp_documentation", "search_documents", "search_github",
      "search_messages", "send_email", "send_thread_message", "set_schedule", "shell_command", "shell_command_kill",
      "shell_command_status", "ship_thread_changes", "skill", "slack_read", "slack_write", "sleep", "submit_check",
      "submit_review", "Task", "thread_file_url", "thread_portal_login_url", "update_github_subscription",
      "update_project", "update_schedule", "update_setting", "update_slack_listener", "update_thread",
      "upload_thread_file", "view_media", "wait_for_threads", "web_search", "x_read", "x_reply",
    ]

    # Of a rule in amp.permissions.
    rule_keys = ["tool", "matches", "action", "context", "to", "message"]
  }

  # By the variable that has them.
  given_names = {
    settings = { for variable, settings in local.given_settings : variable => keys(settings) }
    tools = { for variable, rules in local.permission_rules : variable => [
      for rule in rules : try(regex("^\"([A-Za-z0-9_-]+)\"$", rule.tool)[0], "")
    ] }
    rule_keys = local.permission_rule_keys
  }

  # --- One edit away ---

  unknown_names = { for kind, names in local.given_names : kind => [
    for name in distinct(flatten(values(names))) : name if name != "" && !contains(local.amp_names[kind], name)
  ] }

  # A name without regard to case, and each of its spellings with one character left out: two names that are one edit
  # apart share one of these. Thousands, which every instance would make at every plan: only if a name is unknown.
  near_spellings = {
    for kind, names in local.amp_names : kind => {
      for pair in flatten([
        for name in names : [for spelling in distinct(concat([lower(name)], [
          for place in range(length(name)) : "${substr(lower(name), 0, place)}${substr(lower(name), place + 1, -1)}"
        ])) : { spelling = spelling, name = name }]
      ]) : pair.spelling => pair.name...
    } if length(local.unknown_names[kind]) > 0
  }

  # From a name that is given and not known to the known ones that it is almost.
  near_names = {
    for kind, names in local.unknown_names : kind => {
      for name in names : name => distinct(flatten([
        for full in [kind == "settings" && !startswith(name, "amp.") ? "amp.${name}" : name] : [
          for spelling in distinct(concat([lower(full)], [
            for place in range(length(full)) : "${substr(lower(full), 0, place)}${substr(lower(full), place + 1, -1)}"
            ])) : [
            # A short name with another character in it is another name.
            for known in try(local.near_spellings[kind][spelling], []) : known
            if length(known) > 4 || contains([lower(full), lower(known)], spelling)
          ]
        ]
      ]))
    }
  }
}
