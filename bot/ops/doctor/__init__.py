"""Checks of a running bot, each with its remedy.

run gathers values ──► slack_checks, storage_checks, job_checks judge them ──► findings
"""
