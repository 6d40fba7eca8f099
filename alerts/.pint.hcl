# What pint checks without a Prometheus to ask: syntax, fragile and impossible queries, templates, and what each of our rules
# must have.
checks {
  # It compares names and not labels, and sloth's names are the same for each objective: a group here uses its own series only.
  disabled = ["rule/dependency"]
}

rule {
  match {
    kind = "alerting"
  }
  label "severity" {
    severity = "bug"
    value    = "page|ticket"
    required = true
  }
  label "category" {
    severity = "bug"
    value    = "symptom|cause|business"
    required = true
  }
  label "service" {
    severity = "bug"
    required = true
  }
  annotation "summary" {
    severity = "bug"
    required = true
  }
  annotation "description" {
    severity = "bug"
    required = true
  }
  annotation "runbook_url" {
    severity = "bug"
    value    = "alerts/runbooks/[A-Za-z]+[.]md"
    required = true
  }
  # An alert that comes and goes wakes people for nothing.
  for {
    severity = "bug"
    max      = "10m"
  }
}

rule {
  match {
    kind = "recording"
  }
  name "(slo:[a-z_]+:[a-z0-9_]+|sloth_slo_info)" {
    severity = "bug"
  }
}
