#!/bin/bash
# SPDX-License-Identifier: MIT
# The contract of core/remote/remote.h over S3: OpenStack Swift. (contract-faulty.sh: the same with faults.)
. "$(dirname "$0")/lib-s3.sh"
start_swift
contract plain
