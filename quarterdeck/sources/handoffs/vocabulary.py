"""
The words that handoff documents are read by: closed lists of headings, keys, states, severities, areas.

What is understood can be looked up here; what is not here is said to be not understood. Words are compared
without case, punctuation, emoji and numbering (`words.words_of`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

SectionKind = Literal["stack", "costs", "revenue", "money", "gaps", "actions", "about", "status", "owner", "summary"]


def _list(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split(","))


# A heading announces a section when all of its words are known: "Why we left the old stack" stays prose.
HEADINGS: Mapping[SectionKind, tuple[str, ...]] = {
    "stack": _list(
        "stack, tech stack, technology stack, technology, technologies, tech, runs on, what it runs on, what runs "
        "it, built with, built on, what it is built on, what it is built with, infrastructure, components, "
        "architecture, tools, tooling, systems, dependencies, software, platform, hosting, under the hood, how it "
        "is built, made of, what it is made of"
    ),
    "costs": _list(
        "cost, costs, running costs, spend, spending, expenses, what it costs, what we pay, what we pay for, bills, "
        "budget, budgets, fees, outgoings"
    ),
    "revenue": _list(
        "revenue, revenues, revenue streams, revenue stream, streams, income, earnings, sales, what it earns, what "
        "it brings in, what it brings"
    ),
    "money": _list("money, finances, finance, financials, economics"),
    "gaps": _list(
        "gaps, gap, problems, problem, issues, issue, risks, risk, weaknesses, limitations, bugs, debt, technical "
        "debt, tech debt, pain points, what is broken, what is missing, what hurts, concerns, shortcomings, "
        "vulnerabilities, worries, blockers"
    ),
    "actions": _list(
        "next, next steps, next up, what is next, todo, todos, to do, to dos, to do list, actions, action items, "
        "action, tasks, roadmap, plan, plans, upcoming, backlog, follow ups, follow up, work items, done"
    ),
    "about": _list(
        "at a glance, facts, key facts, metadata, details, info, information, project, contacts, contact, people, "
        "ownership, handoff, handover, header"
    ),
    "status": _list("status, state, health"),
    "owner": _list("owner, owners, who owns it, responsible, maintainer, who looks after it"),
    "summary": _list(
        "summary, overview, about, what it is, what is it, what it does, what it is for, purpose, description, "
        "introduction, intro, background"
    ),
}
HEADING_FILLERS = frozenset(
    _list(
        "the, our, its, it, a, an, of, for, and, with, in, on, to, this, that, we, current, currently, open, known, "
        "main, key, top, list, per, quarter, remaining, outstanding, other, existing, new, short, long, term, "
        "right, now, today, immediate, planned, weeks, week, days, months, so, far, as, biggest, recently, not, "
        "yet, know, about"
    )
)
CLOSED_HEADINGS = frozenset(_list("closed, resolved, fixed, done, completed, finished, solved"))

# The first area with a word in the text is the gap's: a certificate that is renewed by hand is a matter of security.
AREAS: Mapping[str, tuple[str, ...]] = {
    "security": _list(
        "security, infosec, password, passwords, credential, credentials, secret, secrets, api key, api keys, mfa, "
        "2fa, two factor, tls, ssl, certificate, certificates, encryption, encrypted, unencrypted, vulnerability, "
        "vulnerabilities, cve, card number, card numbers, pci, phishing, iam, dmarc, spf, dkim, firewall, breach, "
        "leaked, permissions, root account, public bucket, token, tokens, privacy, gdpr, access key, access keys"
    ),
    "data": _list(
        "data, backup, backups, restore, database, duplicate, duplicates, schema, migration, export, exports, "
        "imports, sync, analytics, retention"
    ),
    "cost": _list(
        "cost, costs, finance, spend, spending, expensive, overspend, overpaying, overpaid, bill, bills, invoice, "
        "invoices, budget, unused, idle, oversized"
    ),
    "ux": _list(
        "ux, ui, usability, user experience, accessibility, mobile, phone, phones, form, forms, checkout, button, "
        "buttons, screen, screens, page load, layout, confusing, guests see, customers see, design"
    ),
    "process": _list(
        "process, processes, organisation, organization, documentation, undocumented, runbook, handover, on call, "
        "training, trained, operator, bus factor, by hand, manual, manually, no tests, untested, ci, deploy, "
        "deploys, deployment, approval, approvals, only one person, nobody, checklist, vendor support"
    ),
}
# P1 to P4 and sev 1 to sev 4, most urgent first; P0 and sev 0 are as urgent as it gets.
SEVERITIES: Mapping[str, tuple[str, ...]] = {
    "critical": _list("critical, crit, blocker, severe, urgent, p0, p1, sev0, sev1, sev 0, sev 1"),
    "high": _list("high, major, p2, sev2, sev 2"),
    "medium": _list("medium, med, moderate, p3, sev3, sev 3"),
    "low": _list("low, minor, trivial, p4, sev4, sev 4"),
}
STATES: Mapping[str, tuple[str, ...]] = {
    "live": _list(
        "live, in production, production, prod, running, operational, active, in use, in service, stable, healthy"
    ),
    "degraded": _list(
        "degraded, partly down, partially down, down, broken, outage, failing, unstable, impaired, limping"
    ),
    "building": _list(
        "building, in development, under development, development, in progress, wip, work in progress, under "
        "construction, being built, prototype"
    ),
    "paused": _list("paused, on hold, suspended, frozen, parked, dormant, on ice, mothballed"),
    "retired": _list(
        "retired, decommissioned, switched off, shut down, sunset, archived, discontinued, end of life, eol, closed "
        "down"
    ),
}
# A light says how a project is, a word which state it is in: a word wins over a light, but not over a picture.
LIGHTS = {"🟢": "live", "✅": "live", "🟡": "degraded", "🟠": "degraded", "🔴": "degraded", "⚠": "degraded"}
PICTURES = {
    "🚧": "building", "🏗": "building", "🛠": "building", "🔨": "building", "⏸": "paused", "💤": "paused",
    "⚫": "retired", "🪦": "retired", "⚰": "retired", "🗄": "retired",
}  # fmt: skip

OPEN_WORDS = _list(
    "open, new, in progress, doing, started, ongoing, todo, to do, pending, waiting, blocked, no, wip, planned, not "
    "started"
)
CLOSED_WORDS = _list("closed, fixed, done, resolved, solved, completed, complete, finished, mitigated, yes, x, shipped")

# What a key of a document's head, of a row, or of a table's head means; the first that a table needs wins.
KEYS: Mapping[str, tuple[str, ...]] = {
    "project": _list("project, project name, system"),
    "title": _list("title, name"),
    "business": _list("business, business unit, brand, business line"),
    "state": _list("status, state, project status, current status, current state, health"),
    "status": _list("status, state, done, closed, fixed, resolved, complete, completed"),
    "owner": _list(
        "owner, owners, owned by, project owner, product owner, responsible, maintainer, maintained by, lead, "
        "assignee, assigned to, who, accountable, dri"
    ),
    "updated": _list(
        "updated, last updated, last update, updated on, updated at, last touched, touched, last change, last "
        "changed, last edited, last modified, modified, last reviewed, reviewed, as of, revised, date, written"
    ),
    "summary": _list("summary, purpose, description, about, what it does, what it is"),
    "severity": _list("severity, sev, priority, prio, level, importance"),
    "area": _list("area, category, kind, type, topic"),
    "due": _list(
        "due, due on, due date, due by, by, by when, deadline, target, target date, when, fix by, until, expires, "
        "expires on, eta, before"
    ),
    "opened": _list(
        "opened, opened on, since, found, found on, reported, reported on, raised, raised on, noticed, first seen, "
        "created"
    ),
    "amount": _list(
        "amount, est cost, estimated cost, cost estimate, estimated, est, cost, costs, price, value, at stake, "
        "money at stake, cost to fix, exposure, fee, spend, budget, estimate, revenue, income, total, we pay, "
        "charge"
    ),
    "component": _list("component, technology, tech, tool, software, product, system, what we use, runs on, choice"),
    "version": _list("version, ver, release"),
    "service": _list("service, vendor, supplier, provider, subscription, component"),
    "stream": _list("stream, revenue stream, source, channel, product"),
    "note": _list("note, notes, comment, comments, remark, remarks"),
    "gap": _list("gap, issue, problem, risk, known issue, known problem, weakness, bug, limitation, finding"),
    "action": _list("action, task, next step, step, todo, to do, work item, action item"),
    "text": _list("what, item, description, title, summary, details, name, for, line"),
}
# What may stand before the colon of a stack line: the part that a component plays, not its name.
ROLES = frozenset(
    _list(
        "pms, pos, crm, cms, erp, database, db, data, storage, store, queue, cache, hosting, host, hosted on, runs "
        "on, server, servers, os, operating system, cloud, compute, infrastructure, infra, network, dns, domain, "
        "domains, cdn, frontend, front end, web, website, ui, app, mobile, backend, back end, api, language, "
        "languages, runtime, framework, frameworks, library, libraries, auth, authentication, identity, login, "
        "payments, payment, billing, mail, email, sms, messaging, notifications, monitoring, logging, logs, alerts, "
        "errors, analytics, search, maps, tests, testing, ci, ci cd, pipeline, deploy, deployment, deploys, build, "
        "source, code, repo, repository, version control, scheduler, jobs, reporting, bookkeeping, accounting, "
        "stack, tech, tools, services, other"
    )
)
REVENUE_WORDS = _list("revenue, revenues, income, sales, earnings, turnover, takings, earns, brings in")
COST_WORDS = _list(
    "cost, costs, budget, spend, fee, fees, licence, licences, license, licenses, subscription, hosting, bill, "
    "bills, ads, advertising, rent, pays, pay, charge, charges, charged, insurance, seat, seats, plan, tier, "
    "renewal, rental, feed, software, server, servers, storage, support, maintenance"
)
