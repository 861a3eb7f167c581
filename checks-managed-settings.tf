# What is wrong in managed_settings beside what checks-settings.tf finds in both settings: each as a sentence, in the way that
# checks.tf tells.

locals {
  managed_settings_problems = concat(local.settings_problems["managed_settings"],
    # Amp says nothing of a key without it, and passes over the setting.
    [for key in keys(local.given_settings["managed_settings"]) : "the key ${jsonencode(key)} does not begin with \"amp.\", so Amp would pass over it." if !startswith(key, "amp.")],

    var.dangerously_allow_all && !contains(keys(local.given_settings["managed_settings"]), "amp.dangerouslyAllowAll") && contains(keys(local.given_settings["managed_settings"]), "amp.permissions") ?
    ["it has amp.permissions, but the variable dangerously_allow_all is true, and then no rule counts. Remove one of them."] : [],
  )
}
