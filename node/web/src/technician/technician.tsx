// SPDX-License-Identifier: GPL-3.0-or-later
import '../lib/page.css';
import { openStaffPage } from '../lib/staff_page';
import { TechnicianPage } from './technician_page';

openStaffPage('technician', () => <TechnicianPage />);
